import {beforeActivation, indexOfLayer, inputOfLayer} from "./network.js";
import {offsetOf} from "./shape.js";
import {explainSoftmax} from "./softmax.js";

/**
 * The exact arithmetic of one unit: all of its terms, as plain data for a view.
 *
 * What is in it besides `before`, `after` and `activation` (the name of the function between them) depends on `kind`:
 *
 *     convolution    bias, channels [{channel, sum, terms [{row, column, input, weight, product, padding?}]}], sum;
 *                    before = sum + bias
 *     dense          bias, terms [{index, input, weight, product}] in the order of the inputs, sum; before = sum + bias
 *     maximum        window [{row, column, value, wins}], ties (how many others are as large as the winner)
 *     mean           window [{row, column, value}], sum, count
 *     normalization  input, mean, variance, epsilon, normalized, gamma, beta;
 *                    normalized = (input − mean) / √(variance + epsilon), before = normalized · gamma + beta
 *     rescaling      input, scale, offset
 *     copy           from (place in the input; null in the padding), value
 *
 * and where the activation function is the softmax, `softmax` {kind, logits, maximum, exponentials, total, probabilities} of
 * all units of the place, of which this one is number `unit`. Rows and columns are those of the layer's input.
 * @typedef {import("./softmax.js").SoftmaxSum} SoftmaxSum
 * @typedef {{kind: string, before: number, after: number, activation: string, softmax?: SoftmaxSum, unit?: number,
 *   [key: string]: any}} Explanation
 */

/**
 * @param {Record<string, import("./network.js").Activation>} activations those of the run on `pixels`
 * @param {number[]} place [row, column, channel], or [unit]
 * @returns {Explanation | null} null where the run did not come as far as this layer
 */
export function explainUnit(network, pixels, activations, layerName, place) {
  const index = indexOfLayer(network, layerName);
  const layer = network.layers[index];
  if (!Object.hasOwn(activations, layerName)) return null;
  const offset = offsetOf(layer.outputShape, place);
  const input = inputOfLayer(network, pixels, activations, index);
  const explanation = layer.operation.explain(layer, input, place, offset);
  const activation = layer.formula.name;
  if (activation !== "softmax") return {...explanation, activation, after: layer.formula.value(explanation.before)};
  const unit = place[place.length - 1];
  const start = offset - unit;
  const softmax = explainSoftmax(beforeActivation(layer, input).subarray(start, start + layer.outputShape.at(-1)));
  return {...explanation, activation, unit, after: softmax.probabilities[unit], softmax};
}
