/**
 * Counts from a confusion matrix. Rows are true classes, columns predicted ones. Pure: no DOM.
 * @typedef {number[][]} Counts
 * @typedef {{truth: number, predicted: number, count: number}} ConfusedPair
 */

/** Share of the full colour for a single error, which must differ from none. */
const PALEST = 0.22;

/** @returns {ConfusedPair[]} the errors, the most frequent pair first, of equally frequent ones the first in the matrix */
export function confusedPairs(counts) {
  const pairs = counts.flatMap((row, truth) => row.map((count, predicted) => ({truth, predicted, count})));
  return pairs.filter(({truth, predicted, count}) => truth !== predicted && count > 0).sort((a, b) => b.count - a.count);
}

/**
 * @returns {number[]} that many classes, ascending: the pair that is confused most often, then those with the most errors in
 *   their row and column
 */
export function mostConfusedClasses(counts, number) {
  const errors = counts.map(() => 0);
  const pairs = confusedPairs(counts);
  for (const {truth, predicted, count} of pairs) {
    errors[truth] += count;
    errors[predicted] += count;
  }
  for (const label of [pairs[0]?.truth, pairs[0]?.predicted]) if (label !== undefined) errors[label] = Infinity;
  const ranked = counts.map((_, label) => label).sort((a, b) => (errors[a] < errors[b] ? 1 : errors[a] > errors[b] ? -1 : a - b));
  return ranked.slice(0, number).sort((a, b) => a - b);
}

/** @param {Counts} counts */
export function errorCount(counts) {
  return confusedPairs(counts).reduce((sum, {count}) => sum + count, 0);
}

/** @param {ArrayLike<number>} row of a matrix: the images of a class */
export function supportOf(row) {
  return Array.from(row).reduce((sum, count) => sum + count, 0);
}

/**
 * Return the colour share of a cell: logarithmic, so that one error is visible next to a hundred.
 * @param {number} most errors in one cell that the scale has to hold
 * @returns {number} 0 for no error, then from `PALEST` to 1
 */
export function errorTint(count, most) {
  if (!count) return 0;
  return most <= 1 ? 1 : PALEST + ((1 - PALEST) * Math.log(count)) / Math.log(most);
}

/** Return the numbers of errors in the legend. @param {number} most @returns {number[]} from 1 to `most`, five at most */
export function legendCounts(most) {
  if (most <= 4) return Array.from({length: most}, (_, place) => place + 1);
  const steps = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(most ** share));
  return [...new Set(steps)];
}
