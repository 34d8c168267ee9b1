import {newElement, writeAttributes} from "./element.js";

/** Make drawings that overflow focusable, so that the arrow keys scroll them. */
export function startScrollers() {
  const drawings = [...document.querySelectorAll(".drawing")];
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
  for (const [name, value] of Object.entries(wanted)) writeAttributes(drawing, {[name]: isWide ? value : null});
}

/** Mark the current section in the table of contents: the last one whose top has passed a third of the window. */
export function startContents() {
  const links = [...document.querySelectorAll("#contents a")];
  const sections = links.map((link) => document.getElementById(link.hash.slice(1)));
  const mark = () => {
    const line = innerHeight / 3;
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const passed = sections.findLastIndex((section) => section.offsetHeight > 0 && section.getBoundingClientRect().top <= line);
    const current = atEnd && scrollY > 0 ? links.length - 1 : passed;
    links.forEach((link, place) => writeAttributes(link, {"aria-current": place === current || null}));
  };
  let asked = 0;
  addEventListener("scroll", () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(mark);
  }, {passive: true});
  mark();
}

/** Open what is folded where a link leads into it, and everything while the page is printed. */
export function startFolds(state) {
  const reveal = (place) => {
    for (let at = document.getElementById(place); at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  document.addEventListener("click", ({target}) => {
    const link = target.closest?.('a[href^="#"]');
    if (link) reveal(decodeURIComponent(link.hash.slice(1).split("&")[0])); // before the browser scrolls there
  }, true);
  state.subscribe(({place}, changed) => changed.has("place") && reveal(place));
  reveal(state.values.place);
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open], .words)")];
    for (const fold of opened) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of opened) fold.open = false;
    opened = [];
  });
}

/** Let the reader search the glossary. */
export function startGlossary() {
  const field = document.getElementById("find-term");
  field?.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const entry of document.querySelectorAll(".glossary > div")) entry.hidden = !entry.textContent.toLowerCase().includes(wanted);
  });
}

/** Start the theme switch, which is hidden without scripts. @param {import("../state/state.js").PageState} state */
export function startThemeSwitch(state) {
  const check = connectRadios("#theme input", () => state.values.theme, (theme) => state.set({theme}));
  const show = () => {
    document.documentElement.dataset.theme = state.values.theme;
    check();
  };
  document.querySelector("#theme").hidden = false;
  show();
  state.subscribe((_, changed) => changed.has("theme") && show());
}

/**
 * Let radio buttons select a value of the state.
 * @param {() => string} read
 * @param {(value: string) => void} write
 * @returns {() => void} which checks the one of the current value
 */
export function connectRadios(selector, read, write) {
  const radios = [...document.querySelectorAll(selector)];
  for (const radio of radios) radio.addEventListener("change", () => write(radio.value));
  return () => {
    for (const radio of radios) radio.checked = radio.value === read();
  };
}

/** Connect the radio buttons of that name to the colour scale of activations; all show and set the page's one choice. */
export function startColorScaleSelect(session, name) {
  session.follow(["scale"], connectRadios(`input[name="${name}"]`, () => session.state.scale, (scale) => session.set({scale})));
}

/**
 * Number the figures in the order in which the screen shows them, links to them included: live views replace some. Print, which
 * shows those, keeps the report's own numbers. The choice of a drawing to save has the same numbers, and none for a drawing that
 * a live view has replaced.
 */
export function renumberFigures() {
  const shown = [...document.querySelectorAll("figure[id] .number")].filter(isDisplayed);
  shown.forEach((number, place) => {
    const links = document.querySelectorAll(`a[href="#${CSS.escape(number.closest("figure").id)}"]`);
    for (const node of [number, ...links]) {
      if (!/^Figure\s\d+$/.test(node.textContent)) continue;
      const old = newElement("span", {class: "is-replaced"}, ...node.childNodes);
      node.replaceChildren(old, newElement("span", {class: "live"}, `Figure\u00a0${place + 1}`));
    }
  });
  for (const option of document.querySelectorAll("#take-figure option")) {
    const place = shown.findIndex((number) => number.closest("figure").id === option.value);
    option.textContent = option.textContent.replace(/^\d+: /, place < 0 ? "" : `${place + 1}: `);
  }
}

/** Return whether neither a node nor what it is in is without display; what a closed `details` holds is displayed. */
function isDisplayed(node) {
  return !node || (getComputedStyle(node).display !== "none" && isDisplayed(node.parentElement));
}
