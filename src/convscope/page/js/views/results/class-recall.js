import {accuracyAxis} from "../../dom/chart/axis.js";
import {newElement, newShape, refill} from "../../dom/element.js";
import {formatPercent, formatWhole} from "../../dom/format.js";

/**
 * Recall, its interval and precision of a class, drawn in the row that the class has in the confusion matrix.
 *
 * @typedef {import("./proportions.js").ClassScore} ClassScore
 * @typedef {{place: (value: number) => number, ticks: {value: number, text: string}[]}} RecallAxis `place`: 0 at the left
 */

/** Height of a drawing in pixels. */
const TRACK_HEIGHT = 20;
/** Letters that have room along the axis. */
const LETTERS = 19;

/**
 * @param {ClassScore[]} scores
 * @param {number} [letters] that have room along the axis
 * @returns {RecallAxis} linear, because intervals are compared by length, from just below the minimum to 100%
 */
export function recallAxis(scores, letters = LETTERS) {
  const measured = scores.filter(({support}) => support);
  const low = Math.min(0.9999, ...measured.flatMap(({interval, precision}) => [interval[0], precision ?? 1]));
  const bottom = Math.max(0, low - 0.04 * (1 - low || 0.1));
  const inside = accuracyAxis([bottom, 1]).ticks.filter(({value}) => value >= bottom);
  const place = (value) => (value - bottom) / (1 - bottom);
  let free = Infinity;
  const ticks = inside.reverse().filter(({value, text}) => {
    const right = letters * place(value) + (value === 1 ? 0 : text.length / 2);
    if (right > free) return false;
    free = right - text.length - 1;
    return true;
  });
  return {place, ticks: ticks.reverse()};
}

/**
 * Draw a class into the button of its row.
 *
 * @param {HTMLElement} button
 * @param {ClassScore} score
 * @param {{name: string, axis: RecallAxis, accuracy: number}} options
 */
export function fillRecall(button, score, {name, axis, accuracy}) {
  const {support, recall, interval: [low, high], precision} = score;
  const at = (value) => `${(100 * axis.place(value)).toFixed(2)}%`;
  const diamond = newShape("path", {class: "precision", d: "M0-5 5 0 0 5-5 0z"});
  const track = newShape(
    "svg", {class: "track", height: TRACK_HEIGHT},
    newShape("line", {class: "all", x1: at(accuracy), x2: at(accuracy), y1: -9, y2: TRACK_HEIGHT + 9}),
    support > 0 && newShape("line", {class: "interval", x1: at(low), x2: at(high), y1: 10, y2: 10}),
    precision !== null && newShape("svg", {x: at(precision), y: 10, overflow: "visible"}, diamond),
    support > 0 && newShape("circle", {class: "recall", cx: at(recall), cy: 10, r: 4}),
  );
  refill(button, track, newElement("span", {class: "recall-number"}, formatPercent(recall)));
  const told = `recall ${formatPercent(recall)}, ${formatPercent(low)} to ${formatPercent(high)}, precision ${formatPercent(precision)}`;
  button.setAttribute("aria-label", `${name}: ${told}, ${formatWhole(support)} images`);
}

/** Draw the axis below the rows. */
export function newRecallAxis(axis) {
  const ticks = axis.ticks.map(({value, text}) => {
    const x = `${(100 * axis.place(value)).toFixed(2)}%`;
    return newShape("text", {x, y: 14, "text-anchor": value === 1 ? "end" : "middle"}, text);
  });
  return newShape("svg", {class: "track axis", height: TRACK_HEIGHT, "aria-hidden": "true"}, ...ticks);
}
