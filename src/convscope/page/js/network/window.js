import {offsetOf} from "./shape.js";

/**
 * Positions of convolution and pooling windows, one axis at a time, and ZeroPadding2D.
 * @typedef {import("./network.js").Layer} Layer
 * @typedef {object} WindowAxis rows or columns
 * @property {number} size places in the window
 * @property {number} stride from one window to the next
 * @property {number} dilation from one place of the window to the next
 * @property {number} before lines of padding before the first line of the input
 * @property {number} inputs extent of the input
 * @property {number} outputs extent of the output
 */

/** @param {Layer} layer @returns {{rows: WindowAxis, columns: WindowAxis}} */
export function windowAxes(layer) {
  return {rows: windowAxis(layer, 0), columns: windowAxis(layer, 1)};
}

/**
 * @param {number} step which place of the window
 * @returns {number} the line of the input there; in the padding outside 0…inputs − 1
 */
export function inputLine(axis, output, step) {
  return output * axis.stride - axis.before + step * axis.dilation;
}

/** Return the input lines in one window, without padding. @param {WindowAxis} axis */
export function linesInside(axis, output) {
  const lines = Array.from({length: axis.size}, (_, step) => inputLine(axis, output, step));
  return lines.filter((line) => line >= 0 && line < axis.inputs);
}

/** Return the windows along one axis. "same" pads as TensorFlow does: the smaller half comes first. */
function windowAxis({settings, inputShape, outputShape}, axis) {
  const sizes = settings.kernel_size ?? settings.pool_size;
  const size = sizes[axis];
  const stride = (settings.strides ?? sizes)[axis];
  const dilation = (settings.dilation_rate ?? [1, 1])[axis];
  const inputs = inputShape[axis];
  const outputs = outputShape[axis];
  const covered = (outputs - 1) * stride + (size - 1) * dilation + 1;
  const before = settings.padding === "same" ? Math.floor(Math.max(covered - inputs, 0) / 2) : 0;
  return {size, stride, dilation, before, inputs, outputs};
}

/** ZeroPadding2D: a border of zeros around every feature map. @type {import("./layers.js").LayerKind} */
export const ZERO_PADDING = {
  prepare: ({settings}) => ({top: settings.padding[0][0], left: settings.padding[1][0]}),
  run: runPadding,
  pullBack: pullBackPadding,
  explain: explainPadding,
};

function runPadding(layer, input, output) {
  output.fill(0);
  for (let from = 0; from < input.length; from++) output[paddedOffset(layer, from)] = input[from];
}

function pullBackPadding(layer, gradient, input) {
  return Float64Array.from(input, (_, offset) => gradient[paddedOffset(layer, offset)]);
}

/** Return the output offset of the input unit at `offset`. */
function paddedOffset({prepared: {top, left}, inputShape: [, width, channels], outputShape}, offset) {
  const pixel = Math.floor(offset / channels);
  const row = Math.floor(pixel / width) + top;
  const column = (pixel % width) + left;
  return (row * outputShape[1] + column) * channels + (offset % channels);
}

function explainPadding({prepared: {top, left}, inputShape}, input, [row, column, channel]) {
  const from = [row - top, column - left, channel];
  const inside = from.every((index, axis) => index >= 0 && index < inputShape[axis]);
  if (!inside) return {kind: "copy", from: null, padding: true, value: 0, before: 0};
  const value = input[offsetOf(inputShape, from)];
  return {kind: "copy", from, value, before: value};
}
