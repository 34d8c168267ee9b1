/**
 * BatchNormalization and Rescaling: a factor and a summand per channel.
 *
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

/** @type {import("./layers.js").LayerKind} */
export const RESCALING = {
  keepsPlaces: true,
  problem: rescalingProblem,
  prepare: prepareRescaling,
  run: runAffine,
  pullBack: pullBackAffine,
  explain: explainRescaling,
};

/**
 * Return whether `axis`, counted with the batch first as in Keras, is the channel axis.
 *
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

/** @param {Layer} layer */
function rescalingProblem({settings, inputShape}) {
  const channels = inputShape[inputShape.length - 1];
  const fits = [settings.scale, settings.offset ?? 0].every((setting) => {
    const numbers = [setting].flat(Infinity);
    return (numbers.length === 1 || numbers.length === channels) && numbers.every(Number.isFinite);
  });
  return fits ? null : `does not scale by one number or by one number for each of its ${channels} channels`;
}

/** @param {Layer} layer */
function prepareRescaling({settings, inputShape}) {
  const channels = inputShape[inputShape.length - 1];
  return {
    channels,
    factors: perChannel(settings.scale, channels),
    summands: perChannel(settings.offset ?? 0, channels),
  };
}

/** @returns {Float64Array} */
function perChannel(setting, channels) {
  const numbers = [setting].flat(Infinity);
  return Float64Array.from({length: channels}, (_, channel) => numbers[numbers.length === 1 ? 0 : channel]);
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
