/** Shares with their intervals. Pure: no DOM. */

/** The 97.5% quantile of the normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * @param {number} successes
 * @param {number} trials
 * @returns {[number, number]} the Wilson 95% interval of their share, as `analysis/statistics/proportions.py` has it; of no
 *   trials all that there is
 */
export function wilson(successes, trials) {
  if (!trials) return [0, 1];
  const share = successes / trials;
  const spread = Z_95 * Math.sqrt((share * (1 - share)) / trials + (Z_95 / (2 * trials)) ** 2);
  const centre = share + Z_95 ** 2 / (2 * trials);
  const scale = 1 + Z_95 ** 2 / trials;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

/**
 * @typedef {{label: number, support: number, recall: number, interval: [number, number], precision: number | null}} ClassScore
 *
 * @param {number[][]} counts of the confusion matrix
 * @param {number[]} labels
 * @returns {ClassScore[]} of these classes; the recall of a class without images is NaN
 */
export function classScores(counts, labels) {
  return labels.map((label) => {
    const support = counts[label].reduce((sum, count) => sum + count, 0);
    const predicted = counts.reduce((sum, row) => sum + row[label], 0);
    const hits = counts[label][label];
    const precision = predicted ? hits / predicted : null;
    return {label, support, recall: hits / support, interval: wilson(hits, support), precision};
  });
}
