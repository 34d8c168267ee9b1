import {formatTicks, niceTicks} from "../../image/color/range.js";

/**
 * Axes of line charts, the same as in the report's figures. Pure: no DOM.
 * @typedef {object} Axis
 * @property {(value: number) => number} place 0 at the bottom, 1 at the top
 * @property {{value: number, text: string}[]} ticks
 * @property {string} name with the scale, if that is not linear
 */

const ACCURACY_TICKS = [
  0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999, 0.99995, 0.99999,
];
/** Accuracy from which a linear axis would flatten the curve against 100%. */
const STRETCH_FROM = 0.95;
/** Ratio of largest to smallest loss from which a linear axis would hide the gains of the last epochs. */
const LOGARITHMIC_FROM = 4;

/** Return an axis for shares up to 1: linear, or logarithmic in the error where errors are few. @returns {Axis} */
export function accuracyAxis(values) {
  const [low, high] = boundsOf(values);
  const even = {least: 0, most: 1, write: percentTicks, name: "accuracy"};
  if (high < STRETCH_FROM || high >= 1) return evenAxis(low, high, even);
  const halvings = (accuracy) => -Math.log2(Math.max(1 - accuracy, 1e-9));
  const [bottom, top] = widened(halvings(low), halvings(high), 0.3);
  const ticks = ACCURACY_TICKS.filter((tick) => halvings(tick) >= bottom && halvings(tick) <= top);
  if (ticks.length < 2) return evenAxis(low, high, even);
  return axisOf((value) => (halvings(value) - bottom) / (top - bottom), ticks, percentTicks(ticks), "accuracy (log scale of the errors)");
}

/** Return an axis for positive numbers: linear, or logarithmic where they span several factors. @returns {Axis} */
export function lossAxis(values) {
  const [low, high] = boundsOf(values);
  if (low <= 0 || high / low < LOGARITHMIC_FROM) return evenAxis(low, high, {least: 0, most: Infinity, write: formatTicks, name: "loss"});
  const [bottom, top] = [Math.log(low / 1.2), Math.log(high * 1.2)];
  const steps = high / low < 1000 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.log10(high) + 1; power++) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(1)));
  }
  const inside = ticks.filter((tick) => Math.log(tick) >= bottom && Math.log(tick) <= top);
  return axisOf((value) => (Math.log(value) - bottom) / (top - bottom), inside, inside.map(String), "loss (log scale)");
}

/** @returns {Axis} of probabilities: all of them */
export function probabilityAxis() {
  const ticks = [0, 0.5, 1];
  return axisOf((value) => value, ticks, percentTicks(ticks), "probability");
}

/** Return whole epochs for the ticks, including the first and the last. @param {number} [most] of them */
export function epochTicks(epochs, most = 8) {
  if (epochs <= 1) return [1];
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000].find((each) => epochs / each <= most) ?? epochs;
  const between = [];
  for (let epoch = step; epoch < epochs; epoch += step) {
    if (epoch > 1 + step / 3 && epochs - epoch >= step / 2) between.push(epoch);
  }
  return [1, ...between, epochs];
}

/**
 * Move the labels at the ends of lines apart where they overlap, within 0 and `height`.
 * @param {number[]} wanted heights
 * @param {number} gap between two of them
 * @returns {number[]} in the order of `wanted`
 */
export function spreadLabels(wanted, gap, height) {
  const order = wanted.map((_, place) => place).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const spread = order.map((place) => wanted[place]);
  // Move labels down that are too close, then up again from the lower end.
  for (let place = 1; place < spread.length; place++) spread[place] = Math.max(spread[place], spread[place - 1] + gap);
  let limit = height;
  for (let place = spread.length - 1; place >= 0; place--) {
    spread[place] = Math.max(0, Math.min(spread[place], limit));
    limit = spread[place] - gap;
  }
  const placed = [];
  order.forEach((place, rank) => (placed[place] = spread[rank]));
  return placed;
}

function evenAxis(low, high, {least, most, write, name}) {
  const [bottom, top] = widened(low, high, 0.05).map((end) => Math.min(most, Math.max(least, end)));
  const ticks = niceTicks(bottom, top, 5);
  return axisOf((value) => (value - bottom) / (top - bottom || 1), ticks, write(ticks), name);
}

function axisOf(place, values, texts, name) {
  return {place, name, ticks: values.map((value, index) => ({value, text: texts[index]}))};
}

/** Widen a range a little on both sides, or by `spare` if it is empty. */
function widened(low, high, spare) {
  const margin = 0.06 * (high - low) || spare;
  return [low - margin, high + margin];
}

/** Return minimum and maximum of the finite values; a diverged training has others. */
function boundsOf(values) {
  const finite = values.filter(Number.isFinite);
  return finite.length ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
}

function percentTicks(ticks) {
  return formatTicks(ticks.map((tick) => Number((100 * tick).toPrecision(8)))).map((text) => `${text}%`);
}
