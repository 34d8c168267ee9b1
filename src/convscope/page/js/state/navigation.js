import {makeState} from "./state.js";
import {formatHash, isWholeState, parseHash} from "./url-hash.js";

/** Milliseconds between two writes: browsers block pages that change their URL hundreds of times in a row. */
const ADDRESS_PAUSE = 250;

/**
 * Read the page's state from the URL hash and mirror it there. The history does not grow: Back leaves the page.
 *
 * @returns {import("./state.js").PageState}
 */
export function startNavigation() {
  const state = makeState(parseHash(location.hash));
  let [last, waiting] = [-Infinity, 0];
  const write = () => {
    [last, waiting] = [performance.now(), 0];
    const hash = formatHash(state.values);
    if (hash !== location.hash) history.replaceState(null, "", hash || location.pathname + location.search);
  };
  state.subscribe(() => {
    const pause = last + ADDRESS_PAUSE - performance.now();
    if (pause <= 0) write();
    else waiting ||= setTimeout(write, pause);
  });
  addEventListener("hashchange", () => {
    const {theme, ...read} = parseHash(location.hash);
    // A link within the page names an anchor only and must not reset the selections.
    if (isWholeState(location.hash)) state.set(location.hash.includes("theme=") ? {theme, ...read} : read);
    else state.set({place: read.place});
    write();
  });
  addEventListener("pagehide", write);
  return state;
}

/**
 * Scroll to the anchor in the hash.
 *
 * Browsers find `#place` but not `#place&theme=dark`, and live views above an anchor move it.
 *
 * @param {string} place
 * @returns {() => void} goes there again, unless the reader has moved on
 */
export function goToPlace(page, place) {
  let hasMoved = false;
  for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(type, () => (hasMoved = true), {once: true, passive: true});
  }
  const go = () => {
    if (place && !hasMoved) page.getElementById(place)?.scrollIntoView({behavior: "instant"});
  };
  if (location.hash.includes("&")) go();
  return go;
}
