/**
 * Numbers as an account sets them: all of one column with as many decimals. Pure: knows no document.
 */

const SIGNIFICANT = 4;

/**
 * How many decimals the greatest of the numbers needs for four digits that count.
 *
 * @param {Iterable<number>} numbers
 * @returns {number} 0 to 8
 */
export function decimalsFor(numbers) {
  let greatest = 0;
  for (const number of numbers) greatest = Math.max(greatest, Math.abs(number));
  if (!(greatest > 0) || !Number.isFinite(greatest)) return SIGNIFICANT - 1;
  return Math.min(8, Math.max(0, SIGNIFICANT - 1 - Math.floor(Math.log10(greatest))));
}

/**
 * @param {number} number
 * @param {number} decimals
 * @returns {string} with a true minus; never "−0.000"
 */
export function inDecimals(number, decimals) {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "–" : number < 0 ? "−∞" : "∞";
  const text = Math.abs(number).toFixed(decimals);
  return number < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/**
 * As a summand: with a space behind its sign.
 *
 * @param {number} number
 * @param {number} decimals
 */
export function asSummand(number, decimals) {
  const text = inDecimals(number, decimals);
  return text.startsWith("−") ? `− ${text.slice(1)}` : `+ ${text}`;
}
