import {indexOfLayer} from "./network.js";
import {isPicture, offsetOf, placeOf} from "./shape.js";
import {linesInside} from "./window.js";

/**
 * Which input pixels can influence a unit, and which influence none.
 *
 * Rows and columns are traced separately, one mark per line, from a layer back to the input: exact even where padding,
 * strides or dilation skip lines.
 * @typedef {import("./network.js").Network} Network
 * @typedef {{top: number, left: number, bottom: number, right: number}} Box both ends included; bottom < top where no pixel
 *   reaches the unit, as in a frame of zeros
 */

/**
 * @param {number[]} place [row, column] (a channel may follow), or [unit] after the flattening
 * @returns {Box} the smallest one around the pixels that can reach the unit
 */
export function receptiveField(network, layerName, place) {
  const source = pictureUnit(network, indexOfLayer(network, layerName), place);
  const [rows, columns] = [0, 1].map((axis) => {
    const marks = source.place && new Uint8Array(source.shape[axis]).fill(1, source.place[axis], source.place[axis] + 1);
    return reachedLines(network, source.index, axis, marks);
  });
  const [top, bottom, left, right] = [rows.indexOf(1), rows.lastIndexOf(1), columns.indexOf(1), columns.lastIndexOf(1)];
  return top < 0 || left < 0 ? {top: 0, left: 0, bottom: -1, right: -1} : {top, left, bottom, right};
}

/** @returns {Uint8Array} h · w marks: 1 where a pixel can never reach the output, whatever the weights */
export function unusedPixels(network) {
  const [height, width] = network.inputShape;
  const [rows, columns] = [0, 1].map((axis) => reachedLines(network, network.layers.length - 1, axis, null));
  const isBlind = (pixel) => !rows[Math.floor(pixel / width)] || !columns[pixel % width];
  return Uint8Array.from({length: height * width}, (_, pixel) => Number(isBlind(pixel)));
}

/**
 * Trace a unit back through reshaping layers to its position in a feature map.
 * @returns {{index: number, shape: number[], place: number[] | null}} the layer of the picture, −1 for the image itself; a
 *   place of null where the unit reads every unit of that layer's input
 */
function pictureUnit({layers, inputShape}, index, place) {
  let shape = layers[index].outputShape;
  for (; !isPicture(shape); index--) {
    const {operation, formula, inputShape: shapeBefore} = layers[index];
    if (!operation?.copies || formula?.name === "softmax") return {index, shape, place: null};
    place = placeOf(shapeBefore, offsetOf(shape, place));
    shape = index > 0 ? shapeBefore : inputShape;
  }
  offsetOf(shape.slice(0, 2), place.slice(0, 2)); // raises where there is no such place
  return {index, shape, place};
}

/**
 * Return the lines of the image that reach the marked output lines of the layer at `index`.
 * @param {number} axis 0 for rows, 1 for columns
 * @param {Uint8Array | null} marks null for every line
 */
function reachedLines(network, index, axis, marks) {
  for (; index >= 0; index--) marks = linesRead(network.layers[index], axis, marks);
  return marks ?? new Uint8Array(network.inputShape[axis]).fill(1);
}

/** Trace lines back through one layer; null for a layer without rows and columns. */
function linesRead({kind, operation, prepared, inputShape, outputShape}, axis, marks) {
  if (!isPicture(inputShape)) return null;
  const inputs = new Uint8Array(inputShape[axis]);
  const outputs = marks ?? new Uint8Array(outputShape[axis]).fill(1);
  if (prepared?.axes) {
    const lines = [prepared.axes.rows, prepared.axes.columns][axis];
    outputs.forEach((mark, output) => mark && linesInside(lines, output).forEach((line) => { inputs[line] = 1; }));
    return inputs;
  }
  if (kind === "ZeroPadding2D" && prepared) {
    const before = [prepared.top, prepared.left][axis];
    return outputs.slice(before, before + inputs.length);
  }
  const sameSides = isPicture(outputShape) && inputShape[0] === outputShape[0] && inputShape[1] === outputShape[1];
  return sameSides && operation?.keepsPlaces ? outputs : inputs.fill(1);
}

/**
 * @typedef {object} Reach of a unit
 * @property {Box} image the patch of the image that can change the unit
 * @property {Box | null} before the window in the layer before; null where that is the image, or no picture
 * @property {number} channel the one channel of the layer before that the unit reads; −1 for all
 */

/** Layer kinds whose units read only their own channel. */
const OWN_CHANNEL = new Set([
  "MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D", "BatchNormalization", "Normalization",
  "Rescaling", "ZeroPadding2D", "DepthwiseConv2D",
]);

/** @param {Network} network @param {number} index of the layer @param {number[]} place @returns {Reach} */
export function unitReceptiveField(network, index, place) {
  const layer = network.layers[index];
  const inMap = isPicture(layer.outputShape) ? place.slice(0, 2) : place;
  const image = receptiveField(network, layer.name, inMap);
  if (index === 0 || !isPicture(layer.inputShape)) return {image, before: null, channel: -1};
  const alone = {name: network.name, inputShape: layer.inputShape, layers: [layer], unknown: []};
  const before = receptiveField(alone, layer.name, inMap);
  return {image, before, channel: channelRead(layer, place)};
}

/** @returns {number} the one channel of its input that a unit reads; −1 for all */
export function channelRead({kind, operation, formula, inputShape, outputShape}, place) {
  if (operation?.copies && formula?.name !== "softmax") {
    const source = isPicture(outputShape) ? place : placeOf(inputShape, place[0]);
    return source[2];
  }
  if (!OWN_CHANNEL.has(kind)) return -1;
  return Math.floor((place[place.length - 1] * inputShape[2]) / outputShape[outputShape.length - 1]);
}

/**
 * Return the layer whose activations a layer really reads, skipping layers that only reshape.
 * @param {number} index of the layer that reads
 * @returns {{index: number, shape: number[]}} index −1 for the image
 */
export function sourceOfLayer({layers, inputShape}, index) {
  let source = index - 1;
  while (source >= 0 && layers[source].operation?.copies && layers[source].formula?.name === "linear") source--;
  return {index: source, shape: source < 0 ? inputShape : layers[source].outputShape};
}

/** @param {Box} box @returns {string} "rows 8 to 15, columns 10 to 17" */
export function boxInWords({top, left, bottom, right}) {
  if (bottom < top) return "no pixel";
  const lines = (what, first, last) => (first === last ? `${what} ${first}` : `${what}s ${first} to ${last}`);
  return `${lines("row", top, bottom)}, ${lines("column", left, right)}`;
}

/** @param {number[]} shape of the image @returns {string} "the whole image", or which rows and columns of it */
export function patchInWords(box, [height, width]) {
  const isWhole = box.top === 0 && box.left === 0 && box.bottom === height - 1 && box.right === width - 1;
  return isWhole ? "the whole image" : `${boxInWords(box)} of the image`;
}
