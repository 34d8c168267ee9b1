import {newElement} from "./element.js";

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
