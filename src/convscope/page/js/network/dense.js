import {addRows, scratchArray, sumOfProducts} from "./dot-products.js";

/**
 * Dense: every unit sums over all inputs; on feature maps, at each position over the channels, as in Keras.
 * @typedef {{index: number, input: number, weight: number, product: number}} DenseTerm `index`: which input of its place
 */

/** @type {import("./layers.js").LayerKind} */
export const DENSE = {
  keepsPlaces: true,
  prepare: prepareDense,
  run: runDense,
  pullBack: pullBackDense,
  explain: explainDense,
};

function prepareDense({name, inputShape, outputShape, weights}) {
  const inputs = inputShape[inputShape.length - 1];
  const units = outputShape[outputShape.length - 1];
  const kernel = new Float64Array(weights.kernel);
  if (kernel.length !== inputs * units) {
    throw new RangeError(`${name}: its kernel has ${kernel.length} numbers, not ${inputs * units}`);
  }
  return {inputs, units, kernel, bias: new Float64Array(weights.bias ?? units), gathered: scratchArray(inputs)};
}

/** @param {Float64Array} sums room for one number per unit */
function runDense({prepared}, input, output, sums) {
  const {inputs, units, kernel, bias, gathered} = prepared;
  for (let from = 0, to = 0; from < input.length; from += inputs, to += units) {
    for (let unit = 0; unit < units; unit++) sums[unit] = bias[unit];
    addRows(sums, kernel, gathered, gatherInputs(prepared, input, from), units);
    for (let unit = 0; unit < units; unit++) output[to + unit] = sums[unit];
  }
}

/** @returns {number} how many inputs of the place that begins at `from` are not zero: so many are gathered */
function gatherInputs({inputs, units, gathered}, input, from) {
  let count = 0;
  for (let index = 0; index < inputs; index++) {
    const value = input[from + index];
    if (value === 0) continue;
    gathered.values[count] = value;
    gathered.rows[count++] = index * units;
  }
  return count;
}

function pullBackDense({prepared}, gradient, input) {
  const {inputs, units, kernel} = prepared;
  return Float64Array.from(input, (_, index) => {
    const place = Math.floor(index / inputs);
    return sumOfProducts(gradient, place * units, kernel, (index % inputs) * units, units);
  });
}

/** @param {number[]} place [unit], or [row, column, unit] */
function explainDense({prepared, outputShape}, input, place) {
  const {inputs, units, kernel, bias} = prepared;
  const unit = place[place.length - 1];
  const from = place.length === 3 ? (place[0] * outputShape[1] + place[1]) * inputs : 0;
  /** @type {DenseTerm[]} */
  const terms = Array.from({length: inputs}, (_, index) => {
    const [value, weight] = [input[from + index], kernel[index * units + unit]];
    return {index, input: value, weight, product: value * weight};
  });
  const sum = terms.reduce((total, term) => total + term.product, 0);
  return {kind: "dense", bias: bias[unit], terms, sum, before: sum + bias[unit]};
}
