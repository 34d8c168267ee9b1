import {newElement} from "../../dom/element.js";
import {decimalsFor, formatDecimals} from "../../dom/format.js";
import {colorOf, cssColor, textOn} from "../../image/color/paint.js";
import {formatNumber} from "../../image/color/range.js";
import {arithmeticFoot, arithmeticNumber} from "./arithmetic-lines.js";
import {placeInWords} from "./selected-unit.js";

/** @typedef {import("../../image/color/paint.js").ColorScale} ColorScale */

/** Decimals in arithmetic of one or two lines. */
const DECIMALS = 5;

/**
 * Show a pooling window with its maximum or mean.
 *
 * @param {import("../../network/unit-arithmetic.js").Explanation} told
 * @param {{scale: ColorScale, extra: number, openWinner: (row: number, column: number) => void}} view
 * @returns {Node[]}
 */
export function poolingArithmetic(told, {scale, extra, openWinner}) {
  const {kind, window: places, ties, sum, count} = told;
  const width = places.filter(({row}) => row === places[0].row).length;
  const decimals = Math.min(4, decimalsFor(places.map(({value}) => value))) + extra;
  const isSmall = places.length <= 64;
  const cells = places.map(({row, column, value, wins}) => {
    const title = `row ${row}, column ${column}: ${formatNumber(value, 6)}`;
    const attributes = {"data-term": "window", "data-value": value, class: wins ? "wins" : null, title};
    const cell = newElement("span", attributes, isSmall ? formatDecimals(value, decimals) : "");
    const colour = colorOf(value, scale);
    [cell.style.backgroundColor, cell.style.color] = [cssColor(colour), textOn(colour)];
    return cell;
  });
  const grid = newElement("span", {class: "term-grid input"}, ...cells);
  grid.style.gridTemplateColumns = `repeat(${width}, max-content)`;
  const box = newElement("div", {class: "arithmetic-channel"}, grid);
  if (kind === "mean") {
    const lines = [["sum", sum, "sum of the window"], ["count", count, "values in the window", `÷ ${count}`]];
    return [box, arithmeticFoot(told, DECIMALS + extra, lines)];
  }
  const winner = places.find(({wins}) => wins);
  const click = () => openWinner(winner.row, winner.column);
  const door = newElement("button", {type: "button", class: "link", click}, `row ${winner.row}, column ${winner.column}`);
  const others = ties ? `, as large as ${ties === 1 ? "one other" : `${ties} others`}` : "";
  const sentence = newElement("p", {class: "arithmetic-sentence"}, `The maximum of these ${places.length} values: `,
    arithmeticNumber("after", told.after, extra), ", from ", door, `${others}.`);
  return [box, sentence];
}

/**
 * Show batch normalization or rescaling step by step.
 *
 * @param {import("../../network/unit-arithmetic.js").Explanation} told
 * @param {number} extra decimals
 * @returns {Node[]}
 */
export function affineArithmetic(told, extra) {
  if (told.kind === "rescaling") {
    const lines = [["input", told.input, "input"], ["scale", told.scale, "scale", `× ${formatDecimals(told.scale, 6)}`],
      ["bias", told.offset, "offset"]];
    return [arithmeticFoot(told, DECIMALS + extra, lines)];
  }
  const {input, mean, variance, epsilon, normalized, gamma, beta} = told;
  const deviation = Math.sqrt(variance + epsilon);
  const written = formatDecimals(mean, DECIMALS + extra);
  const lines = [
    ["input", input, "input"],
    ["mean", mean, "minus the channel's mean over the training images", `− ${written.startsWith("−") ? `(${written})` : written}`],
    ["deviation", deviation, "divided by its standard deviation", `÷ ${formatDecimals(deviation, DECIMALS + extra)}`],
    ["normalized", normalized, "is the normalised value", `= ${formatDecimals(normalized, DECIMALS + extra)}`],
    ["gamma", gamma, "gamma, a weight", `× ${formatDecimals(gamma, DECIMALS + extra)}`],
    ["bias", beta, "beta, a weight"],
  ];
  return [arithmeticFoot(told, DECIMALS + extra, lines)];
}

/**
 * Show a layer that copies its input or only applies an activation function.
 *
 * @param {import("../../network/unit-arithmetic.js").Explanation} told
 * @param {{name: string, shape: number[], openSource: (() => void) | null, kind: string, extra: number}} view what is copied, from which
 *   layer, with how many more decimals
 * @returns {Node[]}
 */
export function identityArithmetic(told, {name, shape, openSource, kind, extra}) {
  if (!told.from) {
    const zero = arithmeticNumber("after", told.after, extra);
    return [newElement("p", {class: "arithmetic-sentence"}, "This unit is padding: ", zero, ".")];
  }
  const words = placeInWords(told.from, shape);
  const source = openSource ? newElement("button", {type: "button", class: "link", click: openSource}, words) : newElement("span", {}, words);
  const from = [" from ", newElement("bdi", {}, name), ", ", source, "."];
  if (told.activation === "linear" || told.softmax) {
    const training = /Dropout|Noise|Regularization|Random/.test(kind) ? " This layer is active in training only." : "";
    const sentence = ["A copy: ", arithmeticNumber(told.softmax ? "before" : "after", told.value, extra), ...from, training];
    return [newElement("p", {class: "arithmetic-sentence"}, ...sentence)];
  }
  return [
    newElement("p", {class: "arithmetic-sentence"}, "The input is ", arithmeticNumber("input", told.value, extra), ...from),
    arithmeticFoot(told, DECIMALS + extra),
  ];
}
