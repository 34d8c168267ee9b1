import {receptiveField} from "./receptive-field.js";
import {isPicture, placeOf} from "./shape.js";

/**
 * Receptive field of a unit, in words and boxes. Pure: no DOM.
 *
 * @typedef {import("./network.js").Network} Network
 * @typedef {import("./receptive-field.js").Box} Box
 *
 * @typedef {object} Reach
 * @property {Box} image the patch of the image that can change the unit
 * @property {Box | null} before the window in the layer before; null where that is the image, or no picture
 * @property {number} channel the one channel of the layer before that the unit reads; −1 for all
 */

/** Layer kinds whose units read only their own channel. */
const OWN_CHANNEL = new Set([
  "MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D", "BatchNormalization", "Normalization",
  "Rescaling", "ZeroPadding2D", "DepthwiseConv2D",
]);

/**
 * @param {Network} network
 * @param {number} index of the layer
 * @param {number[]} place
 * @returns {Reach}
 */
export function unitReceptiveField(network, index, place) {
  const layer = network.layers[index];
  const image = receptiveField(network, layer.name, isPicture(layer.outputShape) ? place.slice(0, 2) : place);
  if (index === 0 || !isPicture(layer.inputShape)) return {image, before: null, channel: -1};
  const alone = {name: network.name, inputShape: layer.inputShape, layers: [layer], unknown: []};
  const before = receptiveField(alone, layer.name, isPicture(layer.outputShape) ? place.slice(0, 2) : place);
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
 *
 * @param {Network} network
 * @param {number} index of the layer that reads
 * @returns {{index: number, shape: number[]}} index −1 for the image
 */
export function sourceOfLayer({layers, inputShape}, index) {
  let source = index - 1;
  while (source >= 0 && layers[source].operation?.copies && layers[source].formula?.name === "linear") source--;
  return {index: source, shape: source < 0 ? inputShape : layers[source].outputShape};
}

/**
 * @param {Box} box
 * @returns {string} "rows 8 to 15, columns 10 to 17"
 */
export function boxInWords({top, left, bottom, right}) {
  if (bottom < top) return "no pixel";
  const lines = (what, first, last) => (first === last ? `${what} ${first}` : `${what}s ${first} to ${last}`);
  return `${lines("row", top, bottom)}, ${lines("column", left, right)}`;
}

/**
 * @param {Box} box
 * @param {number[]} shape of the image
 * @returns {string} "the whole image", or which rows and columns of it
 */
export function patchInWords(box, [height, width]) {
  const isWhole = box.top === 0 && box.left === 0 && box.bottom === height - 1 && box.right === width - 1;
  return isWhole ? "the whole image" : `${boxInWords(box)} of the image`;
}
