import {indexOfLayer} from "./network.js";
import {isPicture, offsetOf, placeOf} from "./shape.js";
import {linesInside} from "./window.js";

/**
 * Which input pixels can influence a unit, and which influence none.
 *
 * Rows and columns are traced separately, one mark per line, from a layer back to the input: exact even where padding,
 * strides or dilation skip lines.
 *
 * @typedef {import("./network.js").Network} Network
 * @typedef {{top: number, left: number, bottom: number, right: number}} Box both ends included; bottom < top where no pixel
 *   reaches the unit, as in a frame of zeros
 */

/**
 * @param {Network} network
 * @param {string} layerName
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

/**
 * @param {Network} network
 * @returns {Uint8Array} h · w marks: 1 where a pixel can never reach the output, whatever the weights
 */
export function unusedPixels(network) {
  const [height, width] = network.inputShape;
  const [rows, columns] = [0, 1].map((axis) => reachedLines(network, network.layers.length - 1, axis, null));
  const isBlind = (pixel) => !rows[Math.floor(pixel / width)] || !columns[pixel % width];
  return Uint8Array.from({length: height * width}, (_, pixel) => Number(isBlind(pixel)));
}

/**
 * Trace a unit back through reshaping layers to its position in a feature map.
 *
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
 *
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
