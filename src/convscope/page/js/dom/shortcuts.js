import {neighbourName} from "./image-title.js";

/** Elements that handle these keys themselves. */
const OWN_KEYS = "input, select, textarea, summary, [contenteditable], [tabindex]:not(#main), dialog, [role=slider]";

/** Start the shortcuts of the page. A view that handles a key prevents its default, and it is ignored here. */
export function startShortcuts(session) {
  const list = document.getElementById("keys");
  const ask = document.getElementById("keys-button");
  ask.hidden = false;
  const open = () => {
    list.showModal();
    document.getElementById("keys-title").focus(); // the first button is at the end, and would scroll the list there
  };
  ask.addEventListener("click", open);
  document.getElementById("keys-close").addEventListener("click", () => list.close());
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") goUp(session);
    else if (event.target.closest?.(OWN_KEYS)) return;
    else if (event.key === "?") open();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(session, event.key === "ArrowLeft" ? -1 : 1);
    else return;
    event.preventDefault();
  });
}

function step(session, way) {
  const name = neighbourName(session, way);
  if (name) session.openImage(name);
}

/** Leave one level: popover, unit, layer, class that is asked about, transformation. The view of a level moves the focus. */
function goUp(session) {
  if (document.querySelector("[popover]:popover-open")) document.querySelector("[popover]:popover-open").hidePopover();
  else if (session.state.unit) session.set({unit: ""});
  else if (session.state.layer) session.set({layer: ""});
  else if (session.state.target >= 0) session.set({target: -1});
  else if (session.state.change) session.set({change: ""});
}

/**
 * Start the present mode, for a room: the stage alone, in large type. The key `p` and a button enter and leave it; Escape
 * leaves it once nothing else is open.
 */
export function startPresentMode(session) {
  const button = document.getElementById("present-button");
  const {classList} = document.documentElement;
  const toggle = (isWanted) => {
    classList.toggle("is-presenting", isWanted);
    button.textContent = isWanted ? "Leave (Esc)" : "Present";
    if (isWanted) scrollTo(0, 0);
  };
  const isOuter = () => {
    const {layer, unit, target, change} = session.state;
    return !layer && !unit && target < 0 && !change && !document.querySelector("dialog[open], [popover]:popover-open");
  };
  button.hidden = false;
  button.addEventListener("click", () => toggle(!classList.contains("is-presenting")));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
    if (event.key === "p") toggle(!classList.contains("is-presenting"));
    else if (event.key === "Escape" && classList.contains("is-presenting") && isOuter()) toggle(false);
    else return;
    event.preventDefault();
  });
}
