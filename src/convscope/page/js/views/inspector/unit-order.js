/**
 * Return the units of a flat layer, largest magnitude first. Pure: no DOM.
 *
 * @param {ArrayLike<number>} data the activations
 * @param {ArrayLike<number> | null} weights to order by activation × weight; null for the activation alone
 * @returns {number[]}
 */
export function orderOfUnits(data, weights) {
  const sizes = Array.from(data, (value, unit) => Math.abs(weights ? value * weights[unit] : value));
  return sizes.map((_, unit) => unit).sort((one, other) => sizes[other] - sizes[one]);
}
