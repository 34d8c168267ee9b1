import {accuracyAxis} from "../../dom/chart/axis.js";
import {newElement, newShape, refill} from "../../dom/element.js";
import {formatPercent, formatWhole, nounFor} from "../../dom/format.js";

/**
 * Recall, its interval and precision of a class, drawn in the row that the class has in the confusion matrix.
 * @typedef {{place: (value: number) => number, ticks: {value: number, text: string}[]}} RecallAxis `place`: 0 at the left
 */

/** Height of a drawing in pixels. */
const TRACK_HEIGHT = 20;
/** Letters that have room along the axis. */
const LETTERS = 19;

/**
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
    const right = letters * place(value) + text.length / 2;
    if (right > free) return false;
    free = right - text.length - 1;
    return true;
  });
  return {place, ticks: ticks.reverse()};
}

/** Draw a class into the button of its row. @param {{name: string, axis: RecallAxis, accuracy: number}} options */
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
  button.setAttribute("aria-label", `${name}: ${told}, ${formatWhole(support)} ${nounFor(support, "image")}`);
}

/** Draw the axis below the rows. */
export function newRecallAxis(axis) {
  const ticks = axis.ticks.map(({value, text}) => {
    const x = `${(100 * axis.place(value)).toFixed(2)}%`;
    return newShape("text", {x, y: 14, "text-anchor": "middle"}, text);
  });
  return newShape("svg", {class: "track axis", height: TRACK_HEIGHT, "aria-hidden": "true"}, ...ticks);
}

/** The 97.5% quantile of the normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * @returns {[number, number]} the Wilson 95% interval of their share, as `analysis/statistics/proportions.py` has it; of no
 *   trials all that there is
 */
export function wilson(successes, trials) {
  if (!trials) return [0, 1];
  const share = successes / trials;
  const spread = Z_95 * Math.sqrt((share * (1 - share)) / trials + (Z_95 / (2 * trials)) ** 2);
  const centre = share + Z_95 ** 2 / (2 * trials);
  const scale = 1 + Z_95 ** 2 / trials;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

/**
 * @typedef {{label: number, support: number, recall: number, interval: [number, number], precision: number | null}} ClassScore
 * @param {number[][]} counts of the confusion matrix
 * @param {number[]} labels
 * @returns {ClassScore[]} of these classes; the recall of a class without images is NaN
 */
export function classScores(counts, labels) {
  return labels.map((label) => {
    const support = counts[label].reduce((sum, count) => sum + count, 0);
    const predicted = counts.reduce((sum, row) => sum + row[label], 0);
    const hits = counts[label][label];
    const precision = predicted ? hits / predicted : null;
    return {label, support, recall: hits / support, interval: wilson(hits, support), precision};
  });
}
