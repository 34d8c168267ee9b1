import {newElement, refill} from "../../dom/element.js";
import {capitalized, formatWhole} from "../../dom/format.js";
import {makeTilePages} from "./gallery-tiles.js";
import {isHighlightedImage} from "./linked-highlight.js";
import {ORDER_NAMES, orderedRows} from "./selection.js";

/**
 * The images behind a number, beside it: those of a cell of the matrix, of a bin of confidence, or that one network of two
 * misclassifies.
 * @typedef {import("../../dom/element.js").Content} Content
 * @typedef {import("./selection.js").Answers} Answers
 * @typedef {import("./selection.js").TileOrder} TileOrder
 * @typedef {object} Wall
 * @property {HTMLElement} node
 * @property {(content: {said: Content[], count: number, rows: Uint32Array, answers?: Answers, order?: TileOrder, about?: string,
 *   selection?: Partial<Selection> | null}) => void} show
 *   `count`: of them all, of which the page may hold some; `answers`: those of the network at its end where left out;
 *   `selection`: the same images in the gallery, where it has them
 */

/**
 * @param {number} options.size tiles of a page
 * @param {string} options.label what a screen reader calls the images
 * @param {import("./linked-highlight.js").Lighting} [options.highlight]
 * @param {(selection: object) => void} [options.goToGallery]
 */
export function makeImageWall(session, {size, label, highlight, goToGallery}) {
  const images = session.images.test;
  const sentence = newElement("p", {class: "wall-sentence", "aria-live": "polite"});
  const note = newElement("p", {class: "quiet small"});
  const link = newElement("button", {type: "button", class: "link small", click: () => goToGallery(wanted)}, "Filter the gallery by these");
  const tiles = makeTilePages(session, {size, label, open: session.openImage});
  let wanted = {};
  highlight?.subscribe((lit) => tiles.light((truth, predicted) => isHighlightedImage(lit, truth, predicted)));
  session.follow(["open"], () => tiles.markOpen(session.open.name));
  return {
    node: newElement("div", {class: "wall"}, sentence, note, tiles.node, link),
    show({said, count, rows, answers = images, order = "surest", about = "", selection}) {
      refill(sentence, ...said);
      const held = !rows.length && about ? "" : !rows.length ? "This file has none of them." : `This file has ${formatWhole(rows.length)} of them.`;
      const sorted = rows.length > 1 ? `${capitalized(ORDER_NAMES[order])}.` : "";
      note.textContent = [about, count > rows.length && held, sorted].filter(Boolean).join(" ");
      tiles.show(orderedRows(rows, {...images, ...answers}, order), answers);
      wanted = selection;
      link.hidden = !(goToGallery && selection && rows.length);
    },
  };
}

/**
 * Counts side by side that show their images; one is open.
 * @typedef {object} Doors
 * @property {HTMLElement} node
 * @property {(counts: number[]) => void} count
 * @property {(place: number) => void} open
 * @property {() => void} repeat shows the open one again
 * @property {() => void} release closes it
 * @param {((count: number) => string)[]} labels what follows each count
 * @param {((place: number) => void) | null} open null where the page has no images, so that there are counts only
 */
export function newDoors(labels, open) {
  let current = -1;
  const numbers = labels.map(() => newElement("strong"));
  const words = labels.map(() => newElement("span"));
  const nodes = labels.map((_, place) =>
    newElement(open ? "button" : "div", {type: open && "button", class: "door"}, numbers[place], " ", words[place]));
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
    count: (counts) => counts.forEach((count, place) => {
      numbers[place].textContent = formatWhole(count);
      words[place].textContent = labels[place](count);
    }),
    open: show,
    repeat: () => show(current),
    release: () => mark(-1),
  };
}
