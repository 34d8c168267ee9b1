import {newElement} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";

/**
 * Counts side by side that show their images; one is open.
 *
 * @typedef {object} Doors
 * @property {HTMLElement} node
 * @property {(counts: number[]) => void} count
 * @property {(place: number) => void} open
 * @property {() => void} repeat shows the open one again
 * @property {() => void} release closes it
 *
 * @param {string[]} labels
 * @param {((place: number) => void) | null} open null where the page has no images, so that there are counts only
 * @returns {Doors}
 */
export function newDoors(labels, open) {
  let current = -1;
  const numbers = labels.map(() => newElement("strong"));
  const nodes = labels.map((label, place) =>
    newElement(open ? "button" : "div", {type: open && "button", class: "door"}, numbers[place], " ", label));
  const mark = (place) => {
    current = place;
    if (open) nodes.forEach((node, each) => node.setAttribute("aria-pressed", String(each === place)));
  };
  const show = (place) => {
    mark(place);
    if (open && place >= 0) open(place);
  };
  nodes.forEach((node, place) => open && node.addEventListener("click", () => show(place)));
  mark(-1);
  return {
    node: newElement("div", {class: "doors"}, ...nodes),
    count: (counts) => numbers.forEach((node, place) => (node.textContent = formatWhole(counts[place]))),
    open: show,
    repeat: () => show(current),
    release: () => mark(-1),
  };
}
