import {quotedName} from "../../dom/element.js";
import {formatWhole, nounFor} from "../../dom/format.js";
import {TRIAGE_TITLES} from "../image-details/triage.js";

/**
 * Filter and order of the test images, and the title of what they leave. Pure: no DOM.
 * @typedef {"all" | "wrong" | "right"} Outcome
 * @typedef {import("../image-details/triage.js").TriageKind} TriageKind
 * @typedef {{truth: number, predicted: number, outcome: Outcome, hint?: TriageKind | ""}} Selection classes by their numbers; -1
 *   for any. Only a mistake has a hint
 * @typedef {"surest" | "doubtful" | "worst" | "number"} TileOrder
 * @typedef {object} Answers what a network said of each image
 * @property {ArrayLike<number>} predictions
 * @property {ArrayLike<number>} confidence probability of the predicted class
 * @property {ArrayLike<number>} trueProbability
 * @typedef {Answers & {count: number, labels: ArrayLike<number>, indices: ArrayLike<number>}} Answered
 */

/** @type {Readonly<Selection>} */
export const ALL_IMAGES = Object.freeze({truth: -1, predicted: -1, outcome: "all"});

/** @type {Readonly<Selection>} */
export const ALL_MISTAKES = Object.freeze({truth: -1, predicted: -1, outcome: "wrong"});

/**
 * Comparison of two rows in each order; equal rows stay in the order of the split.
 * @type {Record<TileOrder, (images: Answered) => (a: number, b: number) => number>}
 */
const COMPARISONS = {
  surest: ({confidence}) => (a, b) => confidence[b] - confidence[a],
  doubtful: ({confidence}) => (a, b) => confidence[a] - confidence[b],
  worst: ({trueProbability}) => (a, b) => trueProbability[a] - trueProbability[b],
  number: ({indices}) => (a, b) => indices[a] - indices[b],
};

/**
 * Return the number by which an order sorts, or that which orders without one print.
 * @returns {"trueProbability" | "confidence"}
 */
export function printedNumber(order) {
  return order === "worst" ? "trueProbability" : "confidence";
}

/** @type {Record<TileOrder, string>} */
export const ORDER_NAMES = {
  surest: "most confident first",
  doubtful: "least confident first",
  worst: "lowest probability of the true class first",
  number: "by number",
};

/** @type {TileOrder[]} */
export const TILE_ORDERS = Object.keys(COMPARISONS);

/**
 * @param {Answered} images
 * @param {(row: number) => string | null} [triageOf] whose fault a row looks like
 * @returns {Uint32Array} the rows that it asks for, ascending
 */
export function selectedRows({count, labels, predictions}, {truth, predicted, outcome, hint = ""}, triageOf = () => null) {
  const rows = new Uint32Array(count);
  let found = 0;
  for (let row = 0; row < count; row++) {
    if (truth >= 0 && labels[row] !== truth) continue;
    if (predicted >= 0 && predictions[row] !== predicted) continue;
    if (hint && triageOf(row) !== hint) continue;
    if (outcome !== "all" && (labels[row] === predictions[row]) !== (outcome === "right")) continue;
    rows[found++] = row;
  }
  return rows.slice(0, found);
}

/**
 * @param {{count: number}} images
 * @param {(row: number) => boolean} isIn
 * @returns {Uint32Array} the rows of which that is true, ascending
 */
export function rowsWhere({count}, isIn) {
  return Uint32Array.from({length: count}, (_, row) => row).filter(isIn);
}

/** @param {Uint32Array} rows @param {Answered} images @returns {Uint32Array} the same rows, in that order */
export function orderedRows(rows, images, order) {
  if (!Object.hasOwn(COMPARISONS, order)) throw new RangeError(`unknown order: ${order}; ${TILE_ORDERS.join(", ")} are known`);
  const compare = COMPARISONS[order](images);
  return rows.slice().sort((a, b) => compare(a, b) || a - b);
}

const NOUNS = {all: "test image", wrong: "error", right: "correct prediction"};

/**
 * Return the title of the gallery: `All 37 errors`, `9 errors: “5” predicted as “3”`, `0 images match`.
 * @param {{count: number, total: number}} numbers images shown, and tested ones of that outcome
 * @returns {import("../../dom/element.js").Content[]}
 */
export function galleryTitle({truth, predicted, outcome, hint}, {count, total}, names) {
  if (!count) return ["0 images match"];
  const isPair = truth >= 0 && predicted >= 0 && truth !== predicted;
  const noun = nounFor(count, NOUNS[isPair ? "wrong" : outcome]);
  const filters = [];
  if (truth >= 0) filters.push(predicted < 0 ? ["true class ", ...quotedName(names[truth])] : quotedName(names[truth]));
  if (predicted >= 0) filters.push([truth < 0 ? "" : " ", "predicted as ", ...quotedName(names[predicted])]);
  if (hint) filters.push([filters.length ? ", " : "", TRIAGE_TITLES[hint]]);
  if (filters.length) return [`${formatWhole(count)} ${noun}: `, ...filters.flat()];
  if (count < total) return [`${formatWhole(count)} of ${formatWhole(total)} ${NOUNS[outcome]}s`];
  return [count < 3 ? `${count === 1 ? "The only" : "Both"} ${noun}` : `All ${formatWhole(count)} ${noun}`];
}
