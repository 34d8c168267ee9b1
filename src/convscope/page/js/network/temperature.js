/**
 * How sure the network is, before and after the temperature that was fitted to it. Pure: no DOM.
 */

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
 * The places of the numbers, the greatest first; equal ones in order.
 *
 * @param {ArrayLike<number>} numbers
 * @returns {number[]}
 */
export function rankedIndices(numbers) {
  return Array.from(numbers, (_, place) => place).sort((a, b) => numbers[b] - numbers[a] || a - b);
}

/**
 * Which classes get a bar: all where they are few, else the likeliest.
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
