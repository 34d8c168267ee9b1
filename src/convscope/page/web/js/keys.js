import {neighbourName} from "./open-name.js";

/** What has keys of its own: there none of these is taken away. */
const OWN_KEYS = "input, select, textarea, summary, [contenteditable], [tabindex]:not(#main), dialog, [role=slider]";

/**
 * The keys of the whole page. A view that uses a key itself prevents its default, and it is left alone here.
 *
 * @param {Document} page
 * @param {import("./live.js").Live} live
 */
export function startKeys(page, live) {
  const list = page.getElementById("keys");
  const ask = page.getElementById("keys-button");
  ask.hidden = false;
  ask.addEventListener("click", () => list.showModal());
  page.getElementById("keys-close").addEventListener("click", () => list.close());
  page.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (list.open) return;
    if (event.key === "Escape") goUp(page, live);
    else if (event.target.closest?.(OWN_KEYS)) return;
    else if (event.key === "?") list.showModal();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(live, event.key === "ArrowLeft" ? -1 : 1);
    else return;
    event.preventDefault();
  });
}

function step(live, way) {
  const name = neighbourName(live, way);
  if (name) live.openImage(name);
}

/** Unit, layer, class asked about, change: the innermost that is set is left first. */
function goUp(page, live) {
  if (page.querySelector("[popover]:popover-open")) page.querySelector("[popover]:popover-open").hidePopover();
  else if (live.state.unit) live.set({unit: ""});
  else if (live.state.layer) live.set({layer: ""});
  else if (live.state.target >= 0) live.set({target: -1});
  else if (live.state.change) live.set({change: ""});
}
