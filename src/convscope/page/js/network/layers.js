import {exponentialUnit, formulaNamed, rectifier} from "./activations.js";
import {CONVOLUTION} from "./conv.js";
import {DENSE} from "./dense.js";
import {BATCH_NORMALIZATION, NORMALIZATION, RESCALING, isLastAxis} from "./normalize.js";
import {AVERAGE_POOLING, MAX_POOLING} from "./pool.js";
import {placeOf} from "./shape.js";
import {ZERO_PADDING} from "./window.js";

/**
 * Layers that copy their input: Flatten and Reshape change the shape; Dropout and its kin act in training only; ReLU,
 * Softmax and Activation apply an activation function only.
 */

/** @type {LayerKind} */
const IDENTITY = {
  keepsPlaces: true,
  copies: true,
  run: (layer, input, output) => output.set(input),
  pullBack: (layer, gradient) => gradient,
  explain: ({inputShape}, input, place, offset) =>
    ({kind: "copy", from: placeOf(inputShape, offset), value: input[offset], before: input[offset]}),
};

/**
 * The layer kinds that the engine computes; `models/numpy_engine/forward.py` has the same.
 *
 * A layer is computed in two steps: its kind, then its activation function.
 * @typedef {import("./network.js").Layer} Layer
 * @typedef {object} LayerKind the first of the two steps: forward, backward, and in words and numbers
 * @property {(layer: Layer) => string | null} [problem] why this layer cannot be computed, for kinds with settings that are
 *   not known here; it completes a sentence that begins with the layer's name
 * @property {(layer: Layer) => object} [prepare] what is worked out once per network and kept as `layer.prepared`
 * @property {(layer: Layer, input: Float32Array, output: Float32Array, sums: Float64Array) => void} run
 * @property {(layer: Layer, gradient: Float64Array, input: Float32Array) => Float64Array} pullBack
 * @property {(layer: Layer, input: Float32Array, place: number[], offset: number) => {kind: string, before: number}} explain
 *   plain data: how the unit at `place` came to its value `before` the activation function
 * @property {boolean} [keepsPlaces] whether a unit reads only its own row and column, as long as both sides are pictures
 * @property {boolean} [copies] whether a unit is one unit of the input
 */

/** @type {Record<string, LayerKind>} */
const KINDS = {
  Conv2D: CONVOLUTION,
  DepthwiseConv2D: CONVOLUTION,
  MaxPooling2D: MAX_POOLING,
  GlobalMaxPooling2D: MAX_POOLING,
  AveragePooling2D: AVERAGE_POOLING,
  GlobalAveragePooling2D: AVERAGE_POOLING,
  Dense: DENSE,
  BatchNormalization: BATCH_NORMALIZATION,
  Normalization: NORMALIZATION,
  Rescaling: RESCALING,
  ZeroPadding2D: ZERO_PADDING,
};

const IDENTITY_KINDS = [
  "Activation", "ELU", "Flatten", "LeakyReLU", "ReLU", "Reshape", "Softmax", // laid out anew, or an activation alone
  "ActivityRegularization", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout2D", // act in training only
  "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom",
];

/** @param {string} kind Keras' name of the class @returns {LayerKind | undefined} undefined where it is not known here */
export function layerKindNamed(kind) {
  if (Object.hasOwn(KINDS, kind)) return KINDS[kind];
  return IDENTITY_KINDS.includes(kind) ? IDENTITY : undefined;
}

/**
 * Return the activation function of a layer.
 * @returns {import("./activations.js").Formula | undefined} undefined where it is not known here
 */
export function formulaOf({kind, settings, inputShape}) {
  if (kind === "ReLU") return {name: "relu", ...rectifier(settings)};
  if (kind === "LeakyReLU") return {name: "leaky_relu", ...rectifier({negative_slope: 0.3, ...settings})};
  if (kind === "ELU") return {name: "elu", ...exponentialUnit(settings.alpha ?? 1, 1)};
  if (kind === "Softmax") return isLastAxis(settings.axis, inputShape) ? formulaNamed("softmax") : undefined;
  return formulaNamed(settings.activation ?? "linear");
}
