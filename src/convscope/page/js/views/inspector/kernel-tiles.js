import {layOutTiles, perLineOfBlock} from "../../dom/tiles.js";
import {sourceOfLayer} from "../../network/receptive-field.js";

/**
 * Layout of a layer's weights: for each filter or unit, a picture per input channel. Pure: no DOM.
 * @typedef {object} WeightTiles
 * @property {number} outputs filters or units
 * @property {number} stack pictures of one output
 * @property {number} rows of one picture
 * @property {number} columns
 * @property {boolean} isWindow whether the picture is a window that moves, not the whole of what is read
 */

/** @param {number} index of the layer @returns {WeightTiles | null} null for a layer without a kernel */
export function weightTilesOf(network, index) {
  const {kind, settings, inputShape, outputShape, weights} = network.layers[index];
  if (!weights.kernel) return null;
  const outputs = outputShape[outputShape.length - 1];
  if (settings.kernel_size) {
    const [rows, columns] = settings.kernel_size;
    const stack = kind === "DepthwiseConv2D" ? 1 : inputShape[2] / (settings.groups ?? 1);
    return {outputs, stack, rows, columns, isWindow: true};
  }
  const {shape} = sourceOfLayer(network, index);
  const isPicture = inputShape.length === 1 && shape.length === 3;
  const [rows, columns, stack] = isPicture ? shape : [1, inputShape[inputShape.length - 1], 1];
  return {outputs, stack, rows, columns, isWindow: false};
}

/** Return how the weights of one output are laid out: a block of pictures, or of single weights where what is read is no picture. */
export function layOutWeights({stack, rows, columns}) {
  if (rows === 1 && stack === 1) return layOutTiles({count: columns, rows: 1, columns: 1}, perLineOfBlock(columns), 0);
  return layOutTiles({count: stack, rows, columns}, perLineOfBlock(stack) * (columns + 1) - 1);
}

/**
 * Return the weights of one filter or unit, for `paintTiles` with `layOutWeights`.
 * @param {ArrayLike<number>} kernel in Keras' order: row, column, channel, output; the same for a Dense layer on a picture
 */
export function weightsOfOutput({outputs, stack, rows, columns}, kernel, output) {
  return Float32Array.from({length: rows * columns * stack}, (_, place) => kernel[place * outputs + output]);
}

/** Return the weights of one picture. @param {WeightTiles} tiles @returns {number[]} in row order */
export function weightsOfPicture({outputs, stack, rows, columns}, kernel, output, channel) {
  return Array.from({length: rows * columns}, (_, place) => kernel[(place * stack + channel) * outputs + output]);
}

/** @param {ArrayLike<number>} weights @returns {number} their largest magnitude, or 1 */
export function extentOf(weights) {
  let most = 0;
  for (let place = 0; place < weights.length; place++) most = Math.max(most, Math.abs(weights[place]));
  return most || 1;
}
