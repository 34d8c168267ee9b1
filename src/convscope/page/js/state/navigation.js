import {makeState} from "./state.js";
import {formatHash, readHash} from "./url-hash.js";

/** @typedef {import("./state.js").State} State */

/** Milliseconds between two writes: Safari and Firefox refuse more than 100 in 30 seconds. */
const ADDRESS_PAUSE = 350;
/** Milliseconds until the next try after that. */
const REFUSED = 2000;
/** Milliseconds in which steps of one kind are one: Back goes past all the images that were leafed through. */
const SAME_KIND = 1000;
/** Milliseconds in which all steps are one: a link to a place may open a layer. */
const SAME_GESTURE = 100;

/**
 * Return which kind of step a change is for Back and Forward; "" where it is none, such as a stroke or a slider.
 * @param {State} before
 * @param {State} after
 */
export function kindOfStep(before, after) {
  const level = ({layer, unit}) => Number(layer !== "") + Number(unit !== "");
  if (level(before) !== level(after) || before.layer !== after.layer) return `level ${level(after)}`;
  if (after.place && after.place !== before.place) return "place";
  return after.image !== before.image && after.image !== "drawing" ? "image" : "";
}

/**
 * Read the page's state from the URL hash and mirror it there. What the reader goes to and opens are steps of the browser's
 * history; what they draw or set replaces the newest one.
 * @param {import("../dom/page-position.js").PagePosition} view
 * @returns {import("./state.js").PageState}
 */
export function startNavigation(view) {
  const state = makeState(readHash(location.hash).state);
  const positions = new Map(); // by the number of the step
  let [current, kind, stepped, isTravelling] = [history.state?.step ?? 0, "", -Infinity, false];
  let [before, written, waiting] = [state.values, -Infinity, 0];

  function write(values = state.values, method = "replaceState") {
    clearTimeout(waiting);
    [waiting, written] = [0, performance.now()];
    const hash = formatHash(values);
    if (method === "replaceState" && hash === location.hash && history.state?.step === current) return;
    try {
      history[method]({step: current}, "", hash || location.pathname + location.search);
    } catch {
      waiting = setTimeout(write, REFUSED);
    }
  }

  function writeSoon() {
    const pause = written + ADDRESS_PAUSE - performance.now();
    if (pause <= 0 && !waiting) write();
    else waiting ||= setTimeout(write, pause);
  }

  /** Keep what Back needs to return to the step that is left. */
  function leave(values) {
    history.scrollRestoration = "manual";
    write(values);
    positions.set(current, view.position());
  }

  function takeStep(next, values) {
    const since = performance.now() - stepped;
    const isSame = since < (next === kind ? SAME_KIND : SAME_GESTURE);
    [kind, stepped] = [next, performance.now()];
    if (isSame) {
      writeSoon();
      return;
    }
    leave(before);
    current += 1;
    write(values, "pushState");
  }

  /** Follow the browser, which has changed the address. */
  function travel(changes) {
    isTravelling = true;
    state.set(changes);
    isTravelling = false;
    write();
  }

  state.subscribe((values, changed) => {
    const next = !isTravelling && view.isUsed() && kindOfStep(before, values);
    if (next) takeStep(next, values);
    else if (!isTravelling) writeSoon();
    before = values;
    const {place} = values;
    if (changed.has("place") && place && !isTravelling) queueMicrotask(() => state.values.place === place && view.goTo(place));
  });
  addEventListener("click", ({target}) => {
    const link = target.closest?.('a[href^="#"]');
    if (!link) return;
    leave(state.values);
    if (link.hash === location.hash) setTimeout(() => view.goTo(readHash(link.hash).state.place)); // no hash changes
  }, true);
  addEventListener("popstate", ({state: entry}) => {
    if (!Number.isInteger(entry?.step) || entry.step === current) return; // a link within the page
    positions.set(current, view.position());
    [current, kind] = [entry.step, ""];
    const {theme, scale, ...read} = readHash(location.hash).state; // these two are how the reader likes to see it all
    travel(read);
    view.goBack(positions.get(current), read.place);
  });
  addEventListener("hashchange", () => {
    if (history.state?.step === current) return; // gone back or forward
    current += 1;
    const {theme, ...read} = readHash(location.hash).state;
    // A link within the page names an anchor only and must not reset the selections.
    if (location.hash.includes("=")) travel(location.hash.includes("theme=") ? {theme, ...read} : read);
    else travel({place: read.place});
    if (read.place && state.values.place === read.place) view.goTo(read.place);
  });
  addEventListener("pagehide", () => {
    write();
    history.scrollRestoration = "auto";
  });
  return state;
}
