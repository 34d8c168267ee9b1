import {linesInside, windowAxes} from "./window.js";

/**
 * MaxPooling2D, AveragePooling2D and their global variants, which have one window.
 *
 * Padding is ignored: it never wins a maximum and is not counted in a mean, as in TensorFlow. Of equal maxima the first
 * in row order wins and gets the gradient.
 */

/** @type {import("./layers.js").LayerKind} */
export const MAX_POOLING = {
  prepare: preparePooling,
  run: runMaxPooling,
  pullBack: pullBackMaxPooling,
  explain: explainMaxPooling,
};

/** @type {import("./layers.js").LayerKind} */
export const AVERAGE_POOLING = {
  prepare: preparePooling,
  run: runAveragePooling,
  pullBack: pullBackAveragePooling,
  explain: explainAveragePooling,
};

/**
 * Precompute for every output position the input pixels (row · width + column) in its window.
 *
 * Recomputing them for each image would cost more than the pooling.
 */
function preparePooling(layer) {
  const [height, width, channels] = layer.inputShape;
  const everything = Int32Array.from({length: height * width}, (_, pixel) => pixel);
  if (!layer.settings.pool_size) return {channels, width, windows: [everything]};
  const {rows, columns} = windowAxes(layer);
  const windows = [];
  for (let row = 0; row < rows.outputs; row++) {
    const lines = linesInside(rows, row);
    for (let column = 0; column < columns.outputs; column++) {
      const places = linesInside(columns, column);
      windows.push(Int32Array.from(lines.flatMap((line) => places.map((place) => line * width + place))));
    }
  }
  return {channels, width, windows, axes: {rows, columns}};
}

function runMaxPooling({prepared}, input, output) {
  const {channels, windows} = prepared;
  output.fill(-Infinity);
  for (let place = 0; place < windows.length; place++) {
    const pixels = windows[place];
    const to = place * channels;
    for (let index = 0; index < pixels.length; index++) {
      const from = pixels[index] * channels;
      for (let channel = 0; channel < channels; channel++) {
        const value = input[from + channel];
        if (value > output[to + channel]) output[to + channel] = value;
      }
    }
  }
}

/** @param {Float64Array} sums room for one number per channel */
function runAveragePooling({prepared}, input, output, sums) {
  const {channels, windows} = prepared;
  for (let place = 0; place < windows.length; place++) {
    const pixels = windows[place];
    sums.fill(0, 0, channels);
    for (let index = 0; index < pixels.length; index++) {
      const from = pixels[index] * channels;
      for (let channel = 0; channel < channels; channel++) sums[channel] += input[from + channel];
    }
    for (let channel = 0; channel < channels; channel++) output[place * channels + channel] = sums[channel] / pixels.length;
  }
}

function pullBackMaxPooling({prepared}, gradient, input) {
  const {channels, windows} = prepared;
  const result = new Float64Array(input.length);
  windows.forEach((pixels, place) => {
    for (let channel = 0; channel < channels; channel++) {
      let winner = pixels[0] * channels + channel;
      for (const pixel of pixels) if (input[pixel * channels + channel] > input[winner]) winner = pixel * channels + channel;
      result[winner] += gradient[place * channels + channel];
    }
  });
  return result;
}

function pullBackAveragePooling({prepared}, gradient, input) {
  const {channels, windows} = prepared;
  const result = new Float64Array(input.length);
  windows.forEach((pixels, place) => {
    for (const pixel of pixels) {
      for (let channel = 0; channel < channels; channel++) {
        result[pixel * channels + channel] += gradient[place * channels + channel] / pixels.length;
      }
    }
  });
  return result;
}

function explainMaxPooling(layer, input, place) {
  const pixels = pooledPixels(layer, input, place);
  const before = pixels.reduce((maximum, {value}) => Math.max(maximum, value), -Infinity);
  const winner = pixels.findIndex(({value}) => value === before);
  const ties = pixels.filter(({value}) => value === before).length - 1;
  return {kind: "maximum", window: pixels.map((pixel, index) => ({...pixel, wins: index === winner})), ties, before};
}

function explainAveragePooling(layer, input, place) {
  const pixels = pooledPixels(layer, input, place);
  const sum = pixels.reduce((total, {value}) => total + value, 0);
  return {kind: "mean", window: pixels, sum, count: pixels.length, before: sum / pixels.length};
}

/**
 * Return the pixels that one unit pools, in row order.
 * @param {number[]} place [row, column, channel]; [channel] after a global pooling
 */
function pooledPixels({prepared, outputShape}, input, place) {
  const {channels, width, windows} = prepared;
  const channel = place[place.length - 1];
  const pixels = windows[windows.length === 1 ? 0 : place[0] * outputShape[1] + place[1]];
  return Array.from(pixels, (pixel) => ({
    row: Math.floor(pixel / width),
    column: pixel % width,
    value: input[pixel * channels + channel],
  }));
}
