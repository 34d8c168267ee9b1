import {newElement} from "../../dom/element.js";
import {isHighlightedClass} from "./linked-highlight.js";

/**
 * Numbers in the report's tables as buttons that show the images they count.
 *
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {(selection: Partial<Selection>) => void} Show
 */

/** Selection behind each column of the table of classes. */
const LINKED_COLUMNS = {
  name: {select: (label) => ({truth: label}), tell: (name) => `Images of ${name}`},
  precision: {
    select: (label) => ({predicted: label, outcome: "wrong"}),
    tell: (name) => `Images wrongly predicted as ${name}`,
  },
  recall: {
    select: (label) => ({truth: label, outcome: "wrong"}),
    tell: (name) => `Images of ${name} predicted as another class`,
  },
  support: {select: (label) => ({truth: label}), tell: (name) => `Images of ${name}`},
};

/**
 * @param {string[]} names
 * @param {import("./linked-highlight.js").Lighting} highlight
 * @param {Show} show
 */
export function linkClassTable(page, names, highlight, show) {
  const rows = [...page.querySelectorAll("tr[data-label]")];
  for (const row of rows) {
    const label = Number(row.dataset.label);
    for (const cell of row.querySelectorAll("[data-link]")) {
      const {select, tell} = LINKED_COLUMNS[cell.dataset.link];
      putLinkButton(page, cell, tell(names[label]), () => show(select(label)));
    }
    row.addEventListener("pointerenter", () => highlight.lightClass(label));
    row.addEventListener("pointerleave", highlight.darken);
  }
  highlight.subscribe((lit) => {
    for (const row of rows) row.toggleAttribute("data-highlight", isHighlightedClass(lit, Number(row.dataset.label)));
  });
}

/**
 * @param {string[]} names
 * @param {Show} show
 */
export function linkPairTable(page, names, show) {
  for (const cell of page.querySelectorAll("td[data-pair]")) {
    const [truth, predicted] = cell.dataset.pair.split(" ").map(Number);
    putLinkButton(page, cell, `Images of ${names[truth]} predicted as ${names[predicted]}`, () => show({truth, predicted}));
  }
}

/** Turn the content of a cell into a button. */
function putLinkButton(page, cell, label, open) {
  const told = `${cell.textContent.trim()}: ${label}`;
  const attributes = {type: "button", class: "link", title: label, "aria-label": told, click: open};
  cell.replaceChildren(newElement(page, "button", attributes, ...cell.childNodes));
}
