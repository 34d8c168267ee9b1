import {formulaOf, layerKindNamed} from "./layers.js";
import {sizeOf} from "./shape.js";
import {applySoftmax, explainSoftmax} from "./softmax.js";

/**
 * The network in plain JavaScript: the activations of every layer for one image.
 * @typedef {object} Layer
 * @property {string} name
 * @property {string} kind Keras' name of its class
 * @property {Record<string, any>} settings Keras' names, as in the payload
 * @property {number[]} inputShape (h, w, c) or (units)
 * @property {number[]} outputShape
 * @property {string[]} inputs the layers that it reads, "" for the image, where branches part or join; else empty
 * @property {Record<string, Float32Array>} weights
 * @property {import("./layers.js").LayerKind | undefined} operation
 * @property {import("./activations.js").Formula | undefined} formula its activation function
 * @property {any} prepared what the operation worked out in advance
 * @property {string | null} problem why it cannot be computed; completes a sentence that begins with its name
 * @typedef {object} Network
 * @property {string} name
 * @property {number[]} inputShape
 * @property {Layer[]} layers
 * @property {string[]} unknown names of the layers that cannot be computed
 * @property {number} temperature divisor of the logits that calibrates the probabilities; 1 where there is none
 * @typedef {{shape: number[], data: Float32Array}} Activation
 * @typedef {object} Run
 * @property {ArrayLike<number> | null} probabilities the last layer's output, or with a temperature softmax(logits /
 *   temperature); null where a layer cannot be computed
 * @property {Float32Array | null} logits what went into the last layer's activation function
 * @property {Record<string, Activation>} activations every layer's output, after its activation function
 * @property {string | null} stoppedAt the first layer that cannot be computed
 * @typedef {{pixels: Float32Array, sums: Float64Array, run: Run}} Workspace
 */

/**
 * @param {{name: string, input_shape: number[], layers: object[]}} description the payload's `network`
 * @param {Record<string, Float32Array>} weights by layer/weight: "conv2d/kernel"
 */
export function makeNetwork(description, weights, temperature = 1) {
  const layers = description.layers.map((each) => makeLayer(each, weights));
  const unknown = layers.filter((layer) => layer.problem).map((layer) => layer.name);
  return {name: description.name, inputShape: description.input_shape, layers, unknown, temperature};
}

function makeLayer({name, kind, settings, input_shape: inputShape, output_shape: outputShape, weights: names, inputs = []}, arrays) {
  const missing = names.find((weight) => !arrays[`${name}/${weight}`]);
  if (missing) throw new RangeError(`${name}: the weights lack ${missing}`);
  const weights = Object.fromEntries(names.map((weight) => [weight, arrays[`${name}/${weight}`]]));
  const layer = {name, kind, settings, inputShape, outputShape, inputs, weights, prepared: null, problem: null};
  layer.operation = layerKindNamed(kind);
  layer.formula = formulaOf(layer);
  layer.problem = problemOf(layer);
  if (!layer.problem) layer.prepared = layer.operation.prepare?.(layer) ?? null;
  return layer;
}

function problemOf(layer) {
  const read = [...new Set(layer.inputs)].map((name) => name || "the image");
  if (read.length > 1) return `joins branches (it reads ${read.join(" and ")}), which this page cannot compute`;
  if (read.length && layer.operation) return `begins a branch (it reads ${read[0]}), which this page cannot compute`;
  if (!layer.operation) return `is a ${layer.kind}, a kind that this page cannot compute`;
  if (layer.formula) return layer.operation.problem?.(layer) ?? null;
  const {activation, axis} = layer.settings;
  return activation ? `has the activation function ${activation}, which this page cannot compute` : `works along axis ${axis}, not the last`;
}

/**
 * Allocate the arrays of a run.
 *
 * Passing one to `runNetwork` repeatedly avoids garbage collection of megabytes while the user draws; each run overwrites
 * the one before.
 */
export function makeWorkspace(network) {
  const stop = network.layers.findIndex((layer) => layer.problem);
  const computed = stop < 0 ? network.layers : network.layers.slice(0, stop);
  const last = computed[computed.length - 1];
  const activations = Object.fromEntries(
    computed.map(({name, outputShape: shape}) => [name, {shape, data: new Float32Array(sizeOf(shape))}]),
  );
  const widest = Math.max(1, ...computed.map(({outputShape}) => outputShape[outputShape.length - 1]));
  const run = {
    probabilities: stop < 0 ? activations[last.name].data : null,
    logits: stop < 0 ? new Float32Array(sizeOf(last.outputShape)) : null,
    activations,
    stoppedAt: stop < 0 ? null : network.layers[stop].name,
  };
  return {pixels: new Float32Array(sizeOf(network.inputShape)), sums: new Float64Array(widest), run};
}

/**
 * @param {ArrayLike<number>} pixels h · w · c numbers in 0..1, in row order
 * @param {Workspace} [workspace] that of an earlier run, which it overwrites
 */
export function runNetwork(network, pixels, workspace = makeWorkspace(network)) {
  const {sums, run} = workspace;
  requirePixels(network, pixels);
  workspace.pixels.set(pixels);
  let input = workspace.pixels;
  for (let index = 0; index < network.layers.length && !network.layers[index].problem; index++) {
    const layer = network.layers[index];
    const {data} = run.activations[layer.name];
    layer.operation.run(layer, input, data, sums);
    if (run.logits && index === network.layers.length - 1) run.logits.set(data);
    activate(layer, data);
    input = data;
  }
  if (run.logits && network.temperature !== 1) run.probabilities = explainSoftmax(run.logits, network.temperature).probabilities;
  return run;
}

/** Compute a layer without its activation function. @param {Layer} layer */
export function beforeActivation(layer, input) {
  const output = new Float32Array(sizeOf(layer.outputShape));
  layer.operation.run(layer, input, output, new Float64Array(layer.outputShape[layer.outputShape.length - 1]));
  return output;
}

/**
 * Return the input of the layer at `index`: the activations before it, or the image.
 * @param {Record<string, Activation>} activations
 */
export function inputOfLayer(network, pixels, activations, index) {
  return index > 0 ? activations[network.layers[index - 1].name].data : Float32Array.from(pixels);
}

/** @param {Network} network @param {string} name @returns {number} the place of the layer of that name */
export function indexOfLayer(network, name) {
  const index = network.layers.findIndex((layer) => layer.name === name);
  if (index < 0) throw new RangeError(`${network.name} has no layer named ${name}`);
  return index;
}

/** Apply the layer's activation function in place. */
function activate({formula, outputShape}, data) {
  if (formula.name === "linear") return;
  if (formula.name === "softmax") {
    applySoftmax(data, outputShape[outputShape.length - 1]);
    return;
  }
  const {value} = formula;
  for (let index = 0; index < data.length; index++) data[index] = value(data[index]);
}

function requirePixels({name, inputShape}, pixels) {
  if (pixels.length === sizeOf(inputShape)) return;
  const expected = `${inputShape.join(" × ")} = ${sizeOf(inputShape)}`;
  throw new RangeError(`got ${pixels.length} pixels; ${name} takes ${expected}`);
}
