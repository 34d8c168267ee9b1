import {inputsOfImage} from "../data/images.js";
import {makeWorkspace, runNetwork} from "../network/network.js";

/**
 * OOD score of an image: mean cosine distance, in the features of the last hidden layer, to its nearest neighbours in a
 * sample of training images; as `analysis/distances.py` measures it for reference images. Pure: no DOM.
 * @typedef {{features: Float32Array, size: number, count: number}} Sample `count` rows of `size` activations
 */

/**
 * @param {import("../network/network.js").Network} network with the weights of the end
 * @param {import("../data/images.js").ReferenceImages} reference
 * @param {string} layer
 * @returns {Generator<number, Sample>} yields after every image
 */
export function* sampleFeatures(network, reference, layer) {
  const workspace = makeWorkspace(network);
  const size = workspace.run.activations[layer].data.length;
  const features = new Float32Array(reference.sample * size);
  for (let row = 0; row < reference.sample; row++) {
    const {activations} = runNetwork(network, inputsOfImage(reference, row), workspace);
    features.set(activations[layer].data, row * size);
    yield row;
  }
  return {features, size, count: reference.sample};
}

/**
 * @param {Sample} sample
 * @returns {Sample} every row at unit length; zeros stay zeros
 */
export function directionsOf({features, size, count}) {
  const directions = new Float32Array(features.length);
  for (let start = 0; start < features.length; start += size) {
    const row = features.subarray(start, start + size);
    const scale = inverseLength(row);
    for (let place = 0; place < size; place++) directions[start + place] = row[place] * scale;
  }
  return {features: directions, size, count};
}

/**
 * @param {ArrayLike<number>} activations of any length
 * @param {Sample} directions
 * @param {number} neighbours
 * @returns {number} the mean distance to the nearest ones
 */
export function oodScore(activations, {features, size, count}, neighbours) {
  const scale = inverseLength(activations);
  const nearest = new Float64Array(Math.min(neighbours, count)).fill(Infinity);
  const last = nearest.length - 1;
  for (let row = 0, start = 0; row < count; row++, start += size) {
    let square = 0;
    for (let place = 0; place < size && square < nearest[last]; place++) {
      const difference = activations[place] * scale - features[start + place];
      square += difference * difference;
    }
    if (square >= nearest[last]) continue;
    let place = last;
    for (; place > 0 && nearest[place - 1] > square; place--) nearest[place] = nearest[place - 1];
    nearest[place] = square;
  }
  return nearest.reduce((sum, square) => sum + Math.sqrt(square), 0) / nearest.length;
}

function inverseLength(values) {
  let square = 0;
  for (let place = 0; place < values.length; place++) square += values[place] * values[place];
  return square > 0 ? 1 / Math.sqrt(square) : 0;
}

/**
 * Return the share of reference images that are closer to the training images than this one.
 * @param {number} distance
 * @param {number[]} percentiles 0 to 100 of the known images' distances
 * @returns {number} 0..1; 1 only beyond all of them
 */
export function shareBelow(distance, percentiles) {
  const above = percentiles.findIndex((each) => each > distance);
  if (above < 0) return 1;
  if (above === 0) return 0;
  const [low, high] = [percentiles[above - 1], percentiles[above]];
  return (above - 1 + (distance - low) / (high - low)) / (percentiles.length - 1);
}

/**
 * @param {number} value
 * @param {ArrayLike<number>} sorted ascending
 * @returns {number} the share of the numbers that are greater
 */
export function shareAbove(value, sorted) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > value) high = middle;
    else low = middle + 1;
  }
  return (sorted.length - low) / sorted.length;
}
