/** Temperature scaling and the ranking of classes. Pure: no DOM. */

/**
 * @param {ArrayLike<number>} logits
 * @param {number} temperature
 * @returns {Float64Array} softmax(logits / temperature)
 */
export function softmaxAt(logits, temperature) {
  let most = -Infinity;
  for (let place = 0; place < logits.length; place++) most = Math.max(most, logits[place]);
  const shares = Float64Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

/**
 * Return the indices of the numbers, largest first; ties keep their order.
 *
 * @param {ArrayLike<number>} numbers
 * @returns {number[]}
 */
export function rankedIndices(numbers) {
  return Array.from(numbers, (_, place) => place).sort((a, b) => numbers[b] - numbers[a] || a - b);
}

/**
 * Choose the classes that get a bar: all if they are few, otherwise the most probable.
 *
 * @param {ArrayLike<number>} probabilities
 * @param {number} most
 * @returns {{places: number[], others: number, rest: number}} `others`: how many are left out, `rest`: their share together
 */
export function shownClasses(probabilities, most) {
  const count = probabilities.length;
  if (count <= most) return {places: Array.from({length: count}, (_, place) => place), others: 0, rest: 0};
  const places = rankedIndices(probabilities).slice(0, most);
  const shown = places.reduce((sum, place) => sum + probabilities[place], 0);
  return {places, others: count - most, rest: Math.max(0, 1 - shown)};
}
