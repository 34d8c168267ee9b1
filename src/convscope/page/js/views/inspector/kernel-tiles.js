import {sourceOfLayer} from "../../network/unit-receptive-field.js";

/**
 * Layout of a layer's weights: a column per filter or unit, a picture per input channel. Pure: no DOM.
 *
 * @typedef {import("../../network/network.js").Network} Network
 *
 * @typedef {object} WeightTiles
 * @property {number} outputs filters or units
 * @property {number} stack pictures of one output, one below the other
 * @property {number} rows of one picture
 * @property {number} columns
 * @property {boolean} isWindow whether the picture is a window that moves, not the whole of what is read
 * @property {number} height of the stack, one line between two pictures
 * @property {number} size how many weights there are
 */

/** Lines between two pictures of a stack. */
const SEAM = 1;

/**
 * @param {Network} network
 * @param {number} index of the layer
 * @returns {WeightTiles | null} null for a layer without a kernel
 */
export function weightTilesOf(network, index) {
  const {kind, settings, inputShape, outputShape, weights} = network.layers[index];
  if (!weights.kernel) return null;
  const outputs = outputShape[outputShape.length - 1];
  if (settings.kernel_size) {
    const [rows, columns] = settings.kernel_size;
    const channels = kind === "DepthwiseConv2D" ? 1 : inputShape[2] / (settings.groups ?? 1);
    return weightTiles(outputs, channels, rows, columns, true);
  }
  if (inputShape.length > 1) return weightTiles(outputs, 1, 1, inputShape[inputShape.length - 1], false);
  const {shape} = sourceOfLayer(network, index);
  if (shape.length === 3) return weightTiles(outputs, shape[2], shape[0], shape[1], false);
  return weightTiles(outputs, 1, 1, inputShape[0], false);
}

/** @returns {WeightTiles} */
function weightTiles(outputs, stack, rows, columns, isWindow) {
  const height = stack * (rows + SEAM) - SEAM;
  return {outputs, stack, rows, columns, isWindow, height, size: outputs * stack * rows * columns};
}

/**
 * Return the weights in row order, output last, with NaN lines in the seams, for `paintTiles`.
 *
 * @param {WeightTiles} tiles
 * @param {ArrayLike<number>} kernel in Keras' order: row, column, channel, output; the same for a Dense layer on a picture
 * @returns {Float32Array} height · columns · outputs numbers
 */
export function stackedWeights({outputs, stack, rows, columns, height}, kernel) {
  const data = new Float32Array(height * columns * outputs).fill(NaN);
  let from = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let channel = 0; channel < stack; channel++) {
        const to = ((channel * (rows + SEAM) + row) * columns + column) * outputs;
        for (let output = 0; output < outputs; output++) data[to + output] = kernel[from++];
      }
    }
  }
  return data;
}

/**
 * @typedef {{output: number, channel: number, row: number, column: number}} WeightPlace
 *
 * @param {WeightTiles} tiles
 * @param {import("../../dom/tiles.js").TilePlace | null} place under the pointer
 * @returns {WeightPlace | null} null in a seam
 */
export function weightUnder({rows}, place) {
  if (!place || place.row % (rows + SEAM) === rows) return null;
  const channel = Math.floor(place.row / (rows + SEAM));
  return {output: place.tile, channel, row: place.row % (rows + SEAM), column: place.column};
}

/**
 * Return the weights of one picture.
 *
 * @param {WeightTiles} tiles
 * @param {ArrayLike<number>} kernel
 * @param {number} output
 * @param {number} channel
 * @returns {number[]} in row order
 */
export function weightsOfPicture({outputs, stack, rows, columns}, kernel, output, channel) {
  return Array.from({length: rows * columns}, (_, place) => kernel[(place * stack + channel) * outputs + output]);
}

/**
 * Return where an arrow key leads: left and right to the next output, up and down to the next channel, then to the line
 * above or below.
 *
 * @param {WeightTiles} tiles
 * @param {{output: number, channel: number} | null} at null where no picture is marked yet
 * @param {string} key as keyboards name it
 * @param {number} perLine outputs side by side
 * @returns {{output: number, channel: number} | null} null for other keys; the place itself at the edge
 */
export function pictureAfter({outputs, stack}, at, key, perLine) {
  const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  if (!steps[key]) return null;
  if (!at) return {output: 0, channel: 0};
  const [across, down] = steps[key];
  const channel = at.channel + down;
  const line = Math.floor(channel / stack);
  const output = at.output + across + line * perLine;
  if (output < 0 || output >= outputs) return {output: at.output, channel: at.channel};
  return {output, channel: channel - line * stack};
}
