/**
 * A probability as the page writes them: never 100% or 0% for what is only near.
 *
 * @param {number} probability
 */
export function percentOf(probability) {
  if (probability > 0.9999 && probability < 1) return "> 99.99%";
  if (probability > 0 && probability < 0.0001) return "< 0.01%";
  return `${(100 * probability).toFixed(2)}%`;
}
