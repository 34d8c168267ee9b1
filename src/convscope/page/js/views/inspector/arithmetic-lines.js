import {newGlossaryButton, newElement} from "../../dom/element.js";
import {formatSummand, decimalsFor, formatDecimals} from "../../dom/format.js";
import {colorOf, cssColor, textOn} from "../../image/color/paint.js";
import {formatNumber} from "../../image/color/range.js";

/**
 * The last lines of the arithmetic, from the sum to the activation.
 *
 * Each line names its term in `data-term` and has its exact value in `data-value`.
 * @typedef {[string, number, string, string?]} AccountLine what it is, its value, in words, and its text if not the value
 */

/** Description of each activation function, with `before` inserted. */
const FUNCTIONS_IN_WORDS = {
  relu: (before) => `ReLU: the larger of 0 and ${before}`,
  relu6: (before) => `ReLU6: ${before}, clipped to 0–6`,
  leaky_relu: (before) => `leaky ReLU of ${before}`,
  sigmoid: (before) => `sigmoid: 1 / (1 + e^−(${before}))`,
  tanh: (before) => `tanh(${before})`,
};

/** @param {AccountLine[]} [lines] those before the activation function @returns {HTMLTableElement} */
export function arithmeticFoot(told, decimals, lines = []) {
  const all = [...lines];
  if (told.activation === "linear") all.push(["after", told.after, "is the activation"]);
  else if (told.softmax) all.push(["before", told.before, "is the logit, the input of the softmax"]);
  else {
    all.push(["before", told.before, "before the activation function"]);
    const words = FUNCTIONS_IN_WORDS[told.activation] ?? ((before) => `${told.activation} of ${before}`);
    all.push(["after", told.after, `${words(formatDecimals(told.before, decimals))} is the activation`]);
  }
  const body = newElement("tbody", {}, ...all.map((line) => arithmeticLine(line, decimals)));
  return newElement("table", {class: "arithmetic-lines"}, body);
}

/** Glossary words for the lines that have one. */
const ASKED_IN_LINES = [["bias", "bias"], ["logit", "before"]];

function arithmeticLine([term, value, words, text], decimals) {
  const isSummand = term === "bias" || term === "rest" || term === "channel-sum";
  const number = text ?? (isSummand ? formatSummand(value, decimals) : formatDecimals(value, decimals));
  const isResult = term === "after" || term === "before" || term === "sum";
  const [asked] = ASKED_IN_LINES.find(([word, line]) => line === term && words.includes(word)) ?? [null];
  return newElement("tr", {"data-term": term, "data-value": value, class: isResult ? "result" : null},
    newElement("td", {class: "n"}, `${isResult ? "= " : ""}${number}`), newElement("th", {scope: "row"}, words, asked ? newGlossaryButton(asked) : null));
}

/** Return the decimals for the arithmetic of a unit: enough for its largest part. */
export function arithmeticDecimals(told, parts) {
  return Math.max(3, decimalsFor([told.before, told.after, told.bias ?? 0, ...parts]));
}

/** Create a number with its term and exact value, for arithmetic without a table. @param {number} extra digits */
export function arithmeticNumber(term, value, extra) {
  return newElement("b", {"data-term": term, "data-value": value}, formatNumber(value, 5 + extra));
}

/**
 * Create a cell with a value, in its colour.
 * @param {import("../../image/color/paint.js").ColorScale | null} scale null for no colour
 */
export function valueCell(attributes, text, value, scale) {
  const colour = scale && colorOf(value, scale);
  const style = colour ? {"background-color": cssColor(colour), color: textOn(colour)} : {};
  return newElement("span", {"data-value": value, ...attributes, style}, text);
}

/** @param {{row: number, column: number}} place @param {number} value */
export function placeTitle({row, column}, value) {
  return `row ${row}, column ${column}: ${formatNumber(value, 6)}`;
}

/**
 * The largest parts of a sum and the total of the others. Pure: no DOM.
 * @template T
 * @typedef {{shown: T[], hidden: number, rest: number}} Summands `rest` is what the hidden ones add up to
 */

/**
 * @template T
 * @param {T[]} parts
 * @param {(part: T) => number} valueOf
 * @param {number} count how many are shown
 * @param {boolean} [isSorted] largest magnitude first; false for their own order
 * @returns {Summands<T>}
 */
export function largestFirst(parts, valueOf, count, isSorted = true) {
  const order = isSorted ? [...parts].sort((a, b) => Math.abs(valueOf(b)) - Math.abs(valueOf(a))) : parts;
  const others = order.slice(count);
  return {shown: order.slice(0, count), hidden: others.length, rest: others.reduce((sum, part) => sum + valueOf(part), 0)};
}
