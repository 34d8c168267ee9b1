import {beforeActivation, inputOfLayer, makeWorkspace, runNetwork} from "./network.js";
import {pullBackSoftmax} from "./softmax.js";

/**
 * Gradients of a class's logit, by the chain rule from the last layer back.
 * @typedef {import("./network.js").Network} Network
 * @typedef {import("./network.js").Run} Run
 */

/**
 * Return gradient × input: each pixel's contribution to the logit under a linear approximation.
 * @param {Run} run that on `pixels`
 * @returns {Float32Array | null} h · w · c numbers
 */
export function gradientTimesInput(network, pixels, run, classIndex) {
  const gradient = inputGradient(network, pixels, run, classIndex);
  return gradient && Float32Array.from(gradient, (slope, index) => slope * pixels[index]);
}

/**
 * Integrate gradients along the straight path from a uniform image to this one.
 *
 * The values add up to the difference of the class's two logits, more exactly with more steps. Source: M. Sundararajan,
 * A. Taly and Q. Yan, "Axiomatic attribution for deep networks", ICML 2017.
 *
 * A generator, because it takes one gradient per step and class: it yields the share done and returns the values.
 * @param {{steps?: number, baseline?: number}} [options] `baseline`: the value of the even picture
 * @returns {Generator<number, Float32Array[] | null>} h · w · c numbers per class; null where a layer cannot be computed
 */
export function* integratedGradients(network, pixels, classIndices, {steps = 32, baseline = 0} = {}) {
  if (network.unknown.length) return null;
  const workspace = makeWorkspace(network);
  const sums = classIndices.map(() => new Float64Array(pixels.length));
  for (let step = 0; step < steps; step++) {
    const share = (step + 0.5) / steps;
    const between = Float32Array.from(pixels, (pixel) => baseline + share * (pixel - baseline));
    const run = runNetwork(network, between, workspace);
    classIndices.forEach((classIndex, place) => {
      inputGradient(network, between, run, classIndex).forEach((slope, index) => { sums[place][index] += slope; });
    });
    yield (step + 1) / steps;
  }
  return sums.map((each) => Float32Array.from(each, (sum, index) => (sum / steps) * (pixels[index] - baseline)));
}

/**
 * Return the gradient of a class's logit with respect to the pixels.
 * @param {Run} run that on `pixels`
 * @returns {Float64Array | null} h · w · c numbers; null where the network has a layer that cannot be computed
 */
export function inputGradient(network, pixels, run, classIndex) {
  const {layers} = network;
  const last = layers.length - 1;
  if (!run.logits) return null;
  if (!(classIndex in run.logits)) throw new RangeError(`no class ${classIndex}; the network has ${run.logits.length} classes`);
  let gradient = new Float64Array(run.logits.length);
  gradient[classIndex] = 1;
  for (let index = last; index >= 0; index--) {
    const layer = layers[index];
    const input = inputOfLayer(network, pixels, run.activations, index);
    // The logits precede the last activation function, so the backward pass starts before it.
    if (index < last) pullBackActivation(layer, gradient, input, run.activations[layer.name].data);
    gradient = layer.operation.pullBack(layer, gradient, input);
  }
  return gradient;
}

/** Propagate a gradient through the activation function, in place. */
function pullBackActivation(layer, gradient, input, output) {
  const {name, slope, slopeFromOutput} = layer.formula;
  if (name === "linear") return;
  if (name === "softmax") {
    pullBackSoftmax(gradient, output, layer.outputShape[layer.outputShape.length - 1]);
    return;
  }
  const before = slopeFromOutput ? output : beforeActivation(layer, input);
  for (let index = 0; index < gradient.length; index++) gradient[index] *= slope(before[index]);
}
