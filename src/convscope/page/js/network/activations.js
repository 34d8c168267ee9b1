/**
 * Activation functions: value and derivative, both at the value before activation.
 * @typedef {object} Formula
 * @property {string} name
 * @property {(before: number) => number} [value] none for the softmax, which needs all units of a place at once
 * @property {(before: number) => number} [slope]
 * @property {boolean} [slopeFromOutput] whether the slope at the output is that at what came before, which need then not be
 *   computed again
 */

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** @type {Record<string, Omit<Formula, "name">>} */
const FORMULAS = {
  linear: {value: (before) => before, slope: () => 1, slopeFromOutput: true},
  relu: {value: (before) => (before > 0 ? before : 0), slope: (before) => (before > 0 ? 1 : 0), slopeFromOutput: true},
  relu6: rectifier({max_value: 6}),
  leaky_relu: rectifier({negative_slope: 0.2}),
  elu: exponentialUnit(1, 1),
  celu: exponentialUnit(1, 1), // with Keras' only alpha
  selu: exponentialUnit(SELU_ALPHA, SELU_SCALE),
  sigmoid: {value: logistic, slope: (before) => logistic(before) * logistic(-before)},
  silu: {value: (before) => before * logistic(before), slope: siluSlope},
  gelu: {value: (before) => before * normalShare(before), slope: geluSlope},
  softplus: {value: softplus, slope: logistic},
  tanh: {value: Math.tanh, slope: (before) => 1 - Math.tanh(before) ** 2},
  softmax: {},
};

/** @param {string} name as Keras writes it @returns {Formula | undefined} undefined where the name is not known here */
export function formulaNamed(name) {
  return Object.hasOwn(FORMULAS, name) ? {name, ...FORMULAS[name]} : undefined;
}

/**
 * Keras' ReLU layer with its three settings, leaky ReLU included.
 * @param {{max_value?: number | null, negative_slope?: number | null, threshold?: number | null}} settings
 * @returns {Omit<Formula, "name">}
 */
export function rectifier({max_value: cap, negative_slope: leak, threshold: bend}) {
  const [maximum, below, threshold] = [cap ?? Infinity, leak ?? 0, bend ?? 0];
  return {
    value: (before) => (before >= maximum ? maximum : before > threshold ? before : below * (before - threshold)),
    slope: (before) => (before >= maximum ? 0 : before > threshold ? 1 : below),
  };
}

/** ELU and, with a scale, SELU. @param {number} alpha @param {number} scale @returns {Omit<Formula, "name">} */
export function exponentialUnit(alpha, scale) {
  return {
    value: (before) => scale * (before > 0 ? before : alpha * Math.expm1(before)),
    slope: (before) => scale * (before > 0 ? 1 : alpha * Math.exp(before)),
  };
}

function logistic(before) {
  return 1 / (1 + Math.exp(-before));
}

function siluSlope(before) {
  const share = logistic(before);
  return share * (1 + before * (1 - share));
}

function geluSlope(before) {
  return normalShare(before) + (before * Math.exp((-before * before) / 2)) / Math.sqrt(2 * Math.PI);
}

function softplus(before) {
  return Math.max(before, 0) + Math.log1p(Math.exp(-Math.abs(before)));
}

/**
 * The normal distribution's share below `x`, right to 1e-7. Source of the polynomial: Abramowitz and Stegun, Handbook of
 * Mathematical Functions, 26.2.17.
 */
function normalShare(x) {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
  return x >= 0 ? 1 - above : above;
}
