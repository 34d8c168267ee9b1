import {newElement, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {newPicture, paintRow} from "../../dom/picture.js";

/**
 * Pages of tiles, their arrow keys and the tile itself.
 * @typedef {{page: number, pages: number, start: number, end: number}} Page pages from 0, one at least; tiles start..end - 1
 */

/**
 * @param {number} count of all tiles
 * @param {number} size of a page
 * @param {number} wanted any number; the nearest page that there is
 * @returns {Page}
 */
export function pageAt(count, size, wanted) {
  const pages = Math.max(1, Math.ceil(count / size));
  const page = Math.min(Math.max(0, Math.trunc(wanted) || 0), pages - 1);
  return {page, pages, start: page * size, end: Math.min(count, (page + 1) * size)};
}

/**
 * Return where a key leads from a tile.
 * @param {string} key as `KeyboardEvent.key` names it
 * @param {number} place among all tiles
 * @param {{count: number, columns: number, size: number}} grid `columns` tiles in a line, `size` on a page
 * @returns {number | null} the tile's place; null for a key that means nothing here
 */
export function placeAfterKey(key, place, {count, columns, size}) {
  const {start, end} = pageAt(count, size, Math.floor(place / size));
  const target = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    ArrowUp: place - columns,
    ArrowDown: place + columns,
    Home: start,
    End: end - 1,
    PageUp: place - size,
    PageDown: place + size,
  }[key];
  return target === undefined ? null : Math.min(Math.max(0, target), Math.max(0, count - 1));
}

/**
 * One test image as a button: picture, mark for correct or wrong, classes, probability, number; a tick if it is marked.
 * @typedef {{row: number, place: number, truth: number, predicted: number, probability: number,
 *   confidence: number, trueProbability: number}} TileContent `probability`: the one of both that is printed
 * @typedef {object} Tile
 * @property {HTMLElement} node
 * @property {(content: TileContent) => void} show
 * @property {(label: number | null) => void} mark `label`: the corrected class, -1 for an unknown one; null for no mark
 */

/** Approximate pixels of a tile's picture. */
const TILE_SIDE = 84;
/** Letters up to which two class names fit side by side. */
const SHORT_NAME = 4;

/** @returns {Tile} */
export function makeTile({images: {test: images}, names, isInk}) {
  const picture = newPicture(images, TILE_SIDE, isInk);
  const mark = newElement("span", {class: "mark"});
  const tick = newElement("span", {class: "tick", hidden: true});
  const classes = newElement("span", {class: "classes"});
  const probability = newElement("span", {class: "chance"});
  const number = newElement("span", {class: "quiet"});
  const isLong = names.some((name) => name.length > SHORT_NAME);
  const node = newElement(
    "button", {type: "button", class: isLong ? "tile long" : "tile", tabindex: "-1"},
    newElement("span", {class: "tile-image"}, picture, tick),
    newElement("span", {class: "line", dir: "ltr"}, mark, classes),
    newElement("span", {class: "line", dir: "ltr"}, probability, number),
  );
  node.style.width = picture.style.width;
  return {
    node,
    mark(label) {
      node.toggleAttribute("data-marked", label !== null);
      tick.hidden = label === null;
      if (label !== null) refill(tick, "✓", newElement("span", {class: "visually-hidden"}, " marked, correct class "), label < 0 ? "?" : {name: names[label]});
    },
    show({row, place, truth, predicted, probability: printed, confidence, trueProbability}) {
      const isRight = truth === predicted;
      const index = images.indices[row];
      paintRow(picture, images, row, isInk);
      Object.assign(node.dataset, {row, place, truth, predicted, name: `test-${index}`, outcome: isRight ? "right" : "wrong"});
      mark.textContent = isRight ? "✓" : "✕";
      const name = (label, arrow) => newElement("span", {}, arrow, {name: names[label]});
      refill(classes, name(truth, ""), !isRight && name(predicted, " → "));
      probability.textContent = formatProbability(printed, 1);
      number.textContent = `#${index}`;
      const said = isRight ? `${names[predicted]}, predicted correctly` : `${names[truth]}, predicted as ${names[predicted]}`;
      const sure = isRight ? "" : `confidence ${formatProbability(confidence)}, `;
      node.title = `Test image ${index}: ${said}; ${sure}probability of the true class ${formatProbability(trueProbability)}`;
    },
  };
}
