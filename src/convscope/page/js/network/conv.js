import {addRows, scratchArray, sumOfProducts} from "./dot-products.js";
import {inputLine, windowAxes} from "./window.js";

/**
 * Conv2D and DepthwiseConv2D: both paddings, strides, dilation, groups, with and without a bias. A depthwise convolution is
 * one with a group per channel, also in the order of its kernel's numbers.
 * @typedef {object} ConvolutionTerm one product
 * @property {number} row place in the layer's input
 * @property {number} column
 * @property {number} input
 * @property {number} weight
 * @property {number} product
 * @property {true} [padding] where the place is outside the picture and the input therefore zero
 */

/** @type {import("./layers.js").LayerKind} */
export const CONVOLUTION = {
  prepare: prepareConvolution,
  run: runConvolution,
  pullBack: pullBackConvolution,
  explain: explainConvolution,
};

function prepareConvolution(layer) {
  const {name, kind, settings, inputShape, outputShape, weights} = layer;
  const axes = windowAxes(layer);
  const channels = inputShape[2];
  const filters = outputShape[2];
  const groups = kind === "DepthwiseConv2D" ? channels : settings.groups ?? 1;
  const kernel = new Float64Array(weights.kernel);
  const bias = new Float64Array(weights.bias ?? filters);
  const [channelsPerGroup, filtersPerGroup] = [channels / groups, filters / groups];
  const expected = axes.rows.size * axes.columns.size * channelsPerGroup * filters;
  if (kernel.length !== expected) throw new RangeError(`${name}: its kernel has ${kernel.length} numbers, not ${expected}`);
  const gathered = scratchArray(axes.rows.size * axes.columns.size * channelsPerGroup);
  return {axes, channels, filters, groups, channelsPerGroup, filtersPerGroup, kernel, bias, gathered};
}

/** @param {Float64Array} sums room for one number per filter of a group */
function runConvolution({prepared}, input, output, sums) {
  const {axes: {rows, columns}, groups, filtersPerGroup, kernel, bias, gathered} = prepared;
  let unit = 0;
  for (let row = 0; row < rows.outputs; row++) {
    for (let column = 0; column < columns.outputs; column++) {
      for (let group = 0; group < groups; group++) {
        const first = group * filtersPerGroup;
        for (let filter = 0; filter < filtersPerGroup; filter++) sums[filter] = bias[first + filter];
        addRows(sums, kernel, gathered, gatherWindow(prepared, input, row, column, group), filtersPerGroup);
        for (let filter = 0; filter < filtersPerGroup; filter++) output[unit++] = sums[filter];
      }
    }
  }
}

/** @returns {number} how many inputs of the window and the group are not zero: so many are gathered */
function gatherWindow(prepared, input, row, column, group) {
  const {axes: {rows, columns}, channels, filters, channelsPerGroup, filtersPerGroup, gathered} = prepared;
  let count = 0;
  for (let down = 0; down < rows.size; down++) {
    const line = inputLine(rows, row, down);
    if (line < 0 || line >= rows.inputs) continue;
    for (let right = 0; right < columns.size; right++) {
      const place = inputLine(columns, column, right);
      if (place < 0 || place >= columns.inputs) continue;
      const start = (line * columns.inputs + place) * channels + group * channelsPerGroup;
      const kernelRow = (down * columns.size + right) * channelsPerGroup;
      for (let channel = 0; channel < channelsPerGroup; channel++) {
        const value = input[start + channel];
        if (value === 0) continue;
        gathered.values[count] = value;
        gathered.rows[count++] = (kernelRow + channel) * filters + group * filtersPerGroup;
      }
    }
  }
  return count;
}

function pullBackConvolution({prepared}, gradient, input) {
  const {axes: {rows, columns}, filters} = prepared;
  const result = new Float64Array(input.length);
  for (let row = 0; row < rows.outputs; row++) {
    for (let column = 0; column < columns.outputs; column++) {
      const start = (row * columns.outputs + column) * filters;
      if (isZero(gradient, start, filters)) continue;
      pullBackWindow(prepared, gradient, start, result, row, column);
    }
  }
  return result;
}

/** Propagate the gradient of every filter through one window to its inputs. */
function pullBackWindow(prepared, gradient, start, result, row, column) {
  const {axes: {rows, columns}, channels, filters, channelsPerGroup, filtersPerGroup, kernel} = prepared;
  for (let down = 0; down < rows.size; down++) {
    const line = inputLine(rows, row, down);
    if (line < 0 || line >= rows.inputs) continue;
    for (let right = 0; right < columns.size; right++) {
      const place = inputLine(columns, column, right);
      if (place < 0 || place >= columns.inputs) continue;
      for (let channel = 0; channel < channels; channel++) {
        const first = Math.floor(channel / channelsPerGroup) * filtersPerGroup;
        const kernelRow = (down * columns.size + right) * channelsPerGroup + (channel % channelsPerGroup);
        result[(line * columns.inputs + place) * channels + channel] +=
          sumOfProducts(gradient, start + first, kernel, kernelRow * filters + first, filtersPerGroup);
      }
    }
  }
}

function isZero(values, start, count) {
  for (let index = start; index < start + count; index++) if (values[index] !== 0) return false;
  return true;
}

/**
 * Return every product of one unit by input channel, for the channels of its group only.
 * @param {number[]} place [row, column, filter]
 */
function explainConvolution({prepared}, input, [row, column, filter]) {
  const {channelsPerGroup, filtersPerGroup, bias} = prepared;
  const firstChannel = Math.floor(filter / filtersPerGroup) * channelsPerGroup;
  const channels = [];
  for (let channel = firstChannel; channel < firstChannel + channelsPerGroup; channel++) {
    const terms = convolutionTerms(prepared, input, row, column, channel, filter);
    channels.push({channel, sum: terms.reduce((sum, term) => sum + term.product, 0), terms});
  }
  const sum = channels.reduce((total, channel) => total + channel.sum, 0);
  return {kind: "convolution", bias: bias[filter], channels, sum, before: sum + bias[filter]};
}

/** @returns {ConvolutionTerm[]} those of one channel of the window, in row order */
function convolutionTerms(prepared, input, row, column, channel, filter) {
  const {axes: {rows, columns}, channels, filters, channelsPerGroup, kernel} = prepared;
  const terms = [];
  for (let down = 0; down < rows.size; down++) {
    for (let right = 0; right < columns.size; right++) {
      const [line, place] = [inputLine(rows, row, down), inputLine(columns, column, right)];
      const inside = line >= 0 && line < rows.inputs && place >= 0 && place < columns.inputs;
      const value = inside ? input[(line * columns.inputs + place) * channels + channel] : 0;
      const kernelRow = (down * columns.size + right) * channelsPerGroup + (channel % channelsPerGroup);
      const weight = kernel[kernelRow * filters + filter];
      const term = {row: line, column: place, input: value, weight, product: value * weight};
      terms.push(inside ? term : {...term, padding: true});
    }
  }
  return terms;
}
