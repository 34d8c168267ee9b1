/**
 * The softmax: from logits to probabilities.
 *
 * @typedef {object} SoftmaxSum the softmax worked out
 * @property {"softmax"} kind
 * @property {number[]} logits
 * @property {number} maximum taken off every logit first, so that nothing overflows; the quotient stays the same
 * @property {number[]} exponentials of logit − maximum
 * @property {number} total of the exponentials
 * @property {number[]} probabilities
 */

/**
 * Apply softmax to every run of `count` values, in place.
 *
 * @param {Float32Array} data
 * @param {number} count
 */
export function applySoftmax(data, count) {
  for (let start = 0; start < data.length; start += count) {
    let maximum = -Infinity;
    for (let index = start; index < start + count; index++) if (data[index] > maximum) maximum = data[index];
    let total = 0;
    for (let index = start; index < start + count; index++) total += Math.exp(data[index] - maximum);
    for (let index = start; index < start + count; index++) data[index] = Math.exp(data[index] - maximum) / total;
  }
}

/**
 * Convert the gradient of the probabilities to that of the logits, in place.
 *
 * @param {Float64Array} gradient
 * @param {Float32Array} probabilities
 * @param {number} count
 */
export function pullBackSoftmax(gradient, probabilities, count) {
  for (let start = 0; start < gradient.length; start += count) {
    const end = start + count;
    let mean = 0;
    for (let index = start; index < end; index++) mean += gradient[index] * probabilities[index];
    for (let index = start; index < end; index++) gradient[index] = probabilities[index] * (gradient[index] - mean);
  }
}

/**
 * @param {ArrayLike<number>} values
 * @returns {SoftmaxSum}
 */
export function explainSoftmax(values) {
  const logits = Array.from(values);
  const maximum = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = logits.map((logit) => Math.exp(logit - maximum));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return {kind: "softmax", logits, maximum, exponentials, total, probabilities: exponentials.map((each) => each / total)};
}
