import {offsetOf} from "./shape.js";

/**
 * ZeroPadding2D: a frame of zeros around every map.
 *
 * @typedef {import("./network.js").Layer} Layer
 */

/** @type {import("./kinds.js").LayerKind} */
export const ZERO_PADDING = {
  prepare: ({settings}) => ({top: settings.padding[0][0], left: settings.padding[1][0]}),
  run: runPadding,
  pullBack: pullBackPadding,
  explain: explainPadding,
};

/**
 * @param {Layer} layer
 * @param {Float32Array} input
 * @param {Float32Array} output
 */
function runPadding(layer, input, output) {
  output.fill(0);
  for (let from = 0; from < input.length; from++) output[paddedOffset(layer, from)] = input[from];
}

/**
 * @param {Layer} layer
 * @param {Float64Array} gradient of the output
 * @param {Float32Array} input
 * @returns {Float64Array} gradient of the input
 */
function pullBackPadding(layer, gradient, input) {
  return Float64Array.from(input, (_, offset) => gradient[paddedOffset(layer, offset)]);
}

/** Where the unit at `offset` of the input comes to lie. */
function paddedOffset({prepared: {top, left}, inputShape: [, width, channels], outputShape}, offset) {
  const pixel = Math.floor(offset / channels);
  const row = Math.floor(pixel / width) + top;
  const column = (pixel % width) + left;
  return (row * outputShape[1] + column) * channels + (offset % channels);
}

/**
 * @param {Layer} layer
 * @param {Float32Array} input
 * @param {number[]} place
 */
function explainPadding({prepared: {top, left}, inputShape}, input, [row, column, channel]) {
  const from = [row - top, column - left, channel];
  const inside = from.every((index, axis) => index >= 0 && index < inputShape[axis]);
  if (!inside) return {kind: "copy", from: null, padding: true, value: 0, before: 0};
  const value = input[offsetOf(inputShape, from)];
  return {kind: "copy", from, value, before: value};
}
