/**
 * BatchNormalization, Normalization and Rescaling: a factor and a summand per channel.
 * @typedef {import("./network.js").Layer} Layer
 */

/** @type {import("./layers.js").LayerKind} */
export const BATCH_NORMALIZATION = {
  keepsPlaces: true,
  problem: ({settings, inputShape}) =>
    isLastAxis(settings.axis, inputShape) ? null : `normalises along axis ${settings.axis}; this page can compute the last axis only`,
  prepare: prepareBatchNormalization,
  run: runAffine,
  pullBack: pullBackAffine,
  explain: explainBatchNormalization,
};

export const RESCALING = rescaling(({settings}) => [settings.scale, settings.offset ?? 0].map((setting) => [setting].flat(Infinity)));

/** Keras' layer for statistics of the data, which it holds as weights if it was adapted, and otherwise as settings. */
export const NORMALIZATION = rescaling(({settings, weights, inputShape}) => {
  const [means, variances] = ["mean", "variance"].map((name) => [...(weights[name] ?? [settings[name]].flat(Infinity))]);
  const isOfChannels = [settings.axis ?? []].flat().length === 0 || isLastAxis(settings.axis, inputShape);
  const deviations = variances.map((variance) => (isOfChannels ? Math.max(Math.sqrt(variance), 1e-7) : NaN)); // Keras' epsilon
  if (settings.invert) return [deviations, means];
  return [deviations.map((deviation) => 1 / deviation), means.map((mean, channel) => -mean / deviations[channel])];
});

/**
 * @param {(layer: Layer) => number[][]} numbersOf returns factors and summands, one each or one for every channel
 * @returns {import("./layers.js").LayerKind}
 */
function rescaling(numbersOf) {
  return {
    keepsPlaces: true,
    problem: (layer) => rescalingProblem(layer, numbersOf(layer)),
    prepare: (layer) => prepareRescaling(layer, numbersOf(layer)),
    run: runAffine,
    pullBack: pullBackAffine,
    explain: explainRescaling,
  };
}

/**
 * Return whether `axis`, counted with the batch first as in Keras, is the channel axis.
 * @param {number | number[] | undefined} axis
 * @param {number[]} shape without the batch
 */
export function isLastAxis(axis, shape) {
  const [only, ...more] = [axis ?? -1].flat();
  return more.length === 0 && (only === -1 || only === shape.length);
}

/** Combine statistics and weights into one factor and one summand per channel. */
function prepareBatchNormalization({settings, inputShape, weights}) {
  const channels = inputShape[inputShape.length - 1];
  const factors = new Float64Array(channels);
  const summands = new Float64Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const {mean, variance, gamma, beta} = normalizationOf(weights, channel);
    factors[channel] = gamma / Math.sqrt(variance + settings.epsilon);
    summands[channel] = beta - mean * factors[channel];
  }
  return {channels, factors, summands};
}

/** Return the four numbers of a channel; gamma and beta default where a layer has none. */
function normalizationOf(weights, channel) {
  return {
    mean: weights.moving_mean[channel],
    variance: weights.moving_variance[channel],
    gamma: weights.gamma?.[channel] ?? 1,
    beta: weights.beta?.[channel] ?? 0,
  };
}

function rescalingProblem({inputShape}, both) {
  const channels = inputShape[inputShape.length - 1];
  const fits = both.every((numbers) => [1, channels].includes(numbers.length) && numbers.every(Number.isFinite));
  return fits ? null : `does not scale by one number or by one number for each of its ${channels} channels`;
}

function prepareRescaling({inputShape}, both) {
  const channels = inputShape[inputShape.length - 1];
  const [factors, summands] = both.map((numbers) =>
    Float64Array.from({length: channels}, (_, channel) => numbers[numbers.length === 1 ? 0 : channel]),
  );
  return {channels, factors, summands};
}

function runAffine({prepared}, input, output) {
  const {channels, factors, summands} = prepared;
  for (let start = 0; start < input.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      output[start + channel] = input[start + channel] * factors[channel] + summands[channel];
    }
  }
}

function pullBackAffine({prepared}, gradient) {
  return gradient.map((slope, index) => slope * prepared.factors[index % prepared.channels]);
}

/** Return (input − mean) / √(variance + ε) · gamma + beta with the numbers of one channel. */
function explainBatchNormalization({settings: {epsilon}, weights}, input, place, offset) {
  const channel = normalizationOf(weights, place[place.length - 1]);
  const normalized = (input[offset] - channel.mean) / Math.sqrt(channel.variance + epsilon);
  const before = normalized * channel.gamma + channel.beta;
  return {kind: "normalization", input: input[offset], epsilon, ...channel, normalized, before};
}

function explainRescaling({prepared}, input, place, offset) {
  const channel = place[place.length - 1];
  const [scale, summand] = [prepared.factors[channel], prepared.summands[channel]];
  return {kind: "rescaling", input: input[offset], scale, offset: summand, before: input[offset] * scale + summand};
}
