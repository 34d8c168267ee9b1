import {neighbourName} from "./image-title.js";

/** Make drawings that overflow focusable, so that the arrow keys scroll them. */
export function startScrollers(page) {
  const drawings = [...page.querySelectorAll(".drawing")];
  const mark = () => {
    // Read all, then write all: one layout instead of one each.
    const wide = drawings.map((drawing) => drawing.scrollWidth > drawing.clientWidth + 1);
    drawings.forEach((drawing, place) => markScroller(drawing, wide[place]));
  };
  addEventListener("resize", mark, {passive: true});
  mark();
}

function markScroller(drawing, isWide) {
  const wanted = {tabindex: "0", role: "group", "aria-label": "A figure that scrolls sideways"};
  for (const [name, value] of Object.entries(wanted)) {
    if (isWide) drawing.setAttribute(name, value);
    else drawing.removeAttribute(name);
  }
}

/** Mark the current section in the table of contents: the last one whose top has passed a third of the window. */
export function startContents(page) {
  const links = [...page.querySelectorAll("#contents a")];
  const sections = links.map((link) => page.getElementById(link.hash.slice(1)));
  const mark = () => {
    const line = innerHeight / 3;
    const atEnd = scrollY + innerHeight >= page.documentElement.scrollHeight - 2;
    const passed = sections.filter((section) => section.getBoundingClientRect().top <= line).length;
    const current = atEnd && scrollY > 0 ? links.length - 1 : passed - 1;
    links.forEach((link, place) => {
      if (place === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  let asked = 0;
  addEventListener("scroll", () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(mark);
  }, {passive: true});
  mark();
}

/**
 * Apply the theme to the page.
 *
 * @param {import("../state/state.js").Theme} theme
 */
export function showTheme(page, theme) {
  page.documentElement.dataset.theme = theme;
}

/**
 * Start the theme switch, which is hidden without scripts.
 *
 * @param {import("../state/state.js").PageState} state
 */
export function startThemeSwitch(page, state) {
  const fieldset = page.querySelector("#theme");
  const radios = [...page.querySelectorAll("#theme input")];
  const show = () => {
    const {theme} = state.values;
    showTheme(page, theme);
    for (const radio of radios) radio.checked = radio.value === theme;
  };
  fieldset.hidden = false;
  show();
  for (const radio of radios) radio.addEventListener("change", () => state.set({theme: radio.value}));
  state.subscribe((_, changed) => changed.has("theme") && show());
}

/** Elements that handle these keys themselves. */
const OWN_KEYS = "input, select, textarea, summary, [contenteditable], [tabindex]:not(#main), dialog, [role=slider]";

/** Start the shortcuts of the page. A view that handles a key prevents its default, and it is ignored here. */
export function startShortcuts(page, session) {
  const list = page.getElementById("keys");
  const ask = page.getElementById("keys-button");
  ask.hidden = false;
  ask.addEventListener("click", () => list.showModal());
  page.getElementById("keys-close").addEventListener("click", () => list.close());
  page.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (list.open) return;
    if (event.key === "Escape") goUp(page, session);
    else if (event.target.closest?.(OWN_KEYS)) return;
    else if (event.key === "?") list.showModal();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(session, event.key === "ArrowLeft" ? -1 : 1);
    else return;
    event.preventDefault();
  });
}

function step(session, way) {
  const name = neighbourName(session, way);
  if (name) session.openImage(name);
}

/** Close the innermost selection: unit, layer, target class, then transformation. */
function goUp(page, session) {
  if (page.querySelector("[popover]:popover-open")) page.querySelector("[popover]:popover-open").hidePopover();
  else if (session.state.unit) session.set({unit: ""});
  else if (session.state.layer) session.set({layer: ""});
  else if (session.state.target >= 0) session.set({target: -1});
  else if (session.state.change) session.set({change: ""});
}
