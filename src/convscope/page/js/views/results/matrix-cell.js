import {newElement, quotedName, refill} from "../../dom/element.js";
import {formatCount, formatPercent, formatWhole} from "../../dom/format.js";
import {makeTilePages} from "./gallery-tiles.js";
import {isHighlightedImage} from "./linked-highlight.js";
import {orderedRows, selectedRows} from "./selection.js";

/** Tiles per page next to the matrix. */
const CELL_PAGE = 12;

/**
 * The images of one cell of the confusion matrix.
 *
 * @typedef {object} CellView
 * @property {HTMLElement} node
 * @property {(cell: {truth: number, predicted: number, count: number, support: number, epoch: number}) => Promise<void>} show
 *   `epoch` as the state has it
 * @property {(name: string) => void} markOpen
 */

/**
 * @param {object} options
 * @param {string[]} options.names
 * @param {boolean} options.isInk
 * @param {import("../image-details/predictions-by-epoch.js").AnswersAt} options.answersAt
 * @param {import("./linked-highlight.js").Lighting} options.lighting
 * @param {(name: string) => void} options.open
 * @returns {CellView}
 */
export function makeCellView(page, session, {names, isInk, answersAt, highlight, open}) {
  const {test} = session.images;
  const sentence = newElement(page, "p", {class: "cell-sentence", "aria-live": "polite"});
  const note = newElement(page, "p", {class: "quiet small"});
  const tiles = makeTilePages(page, {images: test, names, isInk, size: CELL_PAGE, label: "Images of this cell", open});
  highlight.subscribe((lit) => tiles.light((truth, predicted) => isHighlightedImage(lit, truth, predicted)));
  let asked = 0;

  async function show({truth, predicted, count, support, epoch}) {
    const mine = ++asked;
    const isWanted = () => mine === asked;
    refill(sentence, ...cellSentence(names, {truth, predicted, count, support}));
    const members = selectedRows(test, {truth, predicted: -1, outcome: "all"});
    if (epoch) note.textContent = `Running the network of epoch ${epoch} on ${formatCount(members.length, "image")} …`;
    const answers = await answersAt(epoch, members, isWanted);
    if (!isWanted()) return;
    if (!answers) {
      note.textContent = "This page cannot compute which images these are.";
      tiles.show(new Uint32Array(), test);
      return;
    }
    const isRight = truth === predicted;
    const rows = Uint32Array.from(members).filter((row) => answers.predictions[row] === predicted);
    tiles.show(orderedRows(rows, {...test, ...answers}, isRight ? "doubtful" : "surest"), answers);
    note.textContent = noteText(rows.length, count, isRight);
  }

  return {
    node: newElement(page, "div", {class: "cell-view"}, sentence, note, tiles.node),
    show,
    markOpen: tiles.markOpen,
  };
}

/** Return `6 of the 958 images of “6” were predicted as “1”: 0.63%.` */
function cellSentence(names, {truth, predicted, count, support}) {
  const called = truth === predicted ? ["predicted correctly"] : ["predicted as ", ...quotedName(names[predicted])];
  const number = count === 0 ? "None" : formatWhole(count);
  const verb = count === 1 ? "was" : "were";
  const share = support ? `: ${formatPercent(count / support)}` : "";
  const images = `${number} of the ${formatWhole(support)} images of `;
  return [images, ...quotedName(names[truth]), ` ${verb} `, ...called, `${share}.`];
}

/** Return how many images of the cell the page has, and their order. */
function noteText(found, count, isRight) {
  if (!count) return "";
  if (!found) return "This file has none of them.";
  const order = found === 1 ? "" : isRight ? "Least confident first." : "Most confident first.";
  return found < count ? `This file has ${formatWhole(found)} of them. ${order}` : order;
}
