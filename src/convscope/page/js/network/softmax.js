/**
 * The softmax, from logits to probabilities, and the ranking of classes. Pure: no DOM.
 * @typedef {object} SoftmaxSum the softmax worked out
 * @property {"softmax"} kind
 * @property {number[]} logits
 * @property {number} maximum taken off every logit first, so that nothing overflows; the quotient stays the same
 * @property {number[]} exponentials of logit − maximum
 * @property {number} total of the exponentials
 * @property {number[]} probabilities
 */

/** Apply softmax to every run of `count` values, in place. */
export function applySoftmax(data, count) {
  for (let start = 0; start < data.length; start += count) {
    let maximum = -Infinity;
    for (let index = start; index < start + count; index++) if (data[index] > maximum) maximum = data[index];
    let total = 0;
    for (let index = start; index < start + count; index++) total += Math.exp(data[index] - maximum);
    for (let index = start; index < start + count; index++) data[index] = Math.exp(data[index] - maximum) / total;
  }
}

/** Convert the gradient of the probabilities to that of the logits, in place. */
export function pullBackSoftmax(gradient, probabilities, count) {
  for (let start = 0; start < gradient.length; start += count) {
    const end = start + count;
    let mean = 0;
    for (let index = start; index < end; index++) mean += gradient[index] * probabilities[index];
    for (let index = start; index < end; index++) gradient[index] = probabilities[index] * (gradient[index] - mean);
  }
}

/** @param {ArrayLike<number>} values @param {number} [temperature] that divides the logits @returns {SoftmaxSum} */
export function explainSoftmax(values, temperature = 1) {
  const logits = Array.from(values);
  const maximum = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = logits.map((logit) => Math.exp((logit - maximum) / temperature));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return {kind: "softmax", logits, maximum, exponentials, total, probabilities: exponentials.map((each) => each / total)};
}

/** Return the indices of the numbers, largest first; ties keep their order. */
export function rankedIndices(numbers) {
  return Array.from(numbers, (_, place) => place).sort((a, b) => numbers[b] - numbers[a] || a - b);
}

/** @param {ArrayLike<number>} values @returns {number} the place of the largest, of equal ones the first */
export function largestOf(values) {
  let best = 0;
  for (let place = 1; place < values.length; place++) if (values[place] > values[best]) best = place;
  return best;
}

/**
 * Return the two classes to compare: the predicted one and the true one, or the runner-up if that is the same or unknown.
 * @returns {{called: number, rival: number}}
 */
export function comparedClasses(probabilities, label) {
  const [called, second] = rankedIndices(probabilities);
  return {called, rival: label !== null && label !== called ? label : second};
}

/**
 * Choose the classes that get a bar: all if they are few, otherwise the most probable of them.
 * @param {number} [least] probability for a bar where they are many; the most probable class has one anyway
 * @returns {{places: number[], others: number, rest: number}} `others`: how many are left out, `rest`: their share together
 */
export function shownClasses(probabilities, most, least = 0) {
  const count = probabilities.length;
  if (count <= most) return {places: Array.from(probabilities, (_, place) => place), others: 0, rest: 0};
  const places = rankedIndices(probabilities).slice(0, most).filter((place, rank) => !rank || probabilities[place] >= least);
  const shown = places.reduce((sum, place) => sum + probabilities[place], 0);
  return {places, others: count - places.length, rest: Math.max(0, 1 - shown)};
}
