/** Numbers as text, written as in the rest of the report. Pure: no DOM. */

const FEW = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/** Return a share as a percentage, `99.40%`, or a dash for no number. */
export function formatPercent(share, digits = 2) {
  return share === null || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(digits)}%`;
}

/**
 * Return a probability as a percentage that rounding takes neither to 0% nor to 100%.
 *
 * A softmax reaches neither, and a rounded 100% would hide how confident a wrong prediction can be.
 */
export function formatProbability(probability, digits = 2) {
  const smallest = 10 ** (-digits - 2);
  if (probability > 1 - smallest) return `>\u00a0${formatPercent(1 - smallest, digits)}`;
  return probability < smallest ? `<\u00a0${formatPercent(smallest, digits)}` : formatPercent(probability, digits);
}

/** Return a whole number with separators, `10,000`. @param {number} number */
export function formatWhole(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Return the form of a noun that belongs to a number. */
export function nounFor(number, noun, plural = `${noun}s`) {
  return number === 1 ? noun : plural;
}

/** Return a count with its noun, `one image` or `20 images`, on one line. */
export function formatCount(number, noun) {
  return `${FEW[number] ?? formatWhole(number)}\u00a0${nounFor(number, noun)}`;
}

const SIGNIFICANT = 4;

/**
 * Return the decimals with which the largest of the numbers has four significant digits.
 * @param {Iterable<number>} numbers
 * @returns {number} 0 to 8
 */
export function decimalsFor(numbers) {
  let greatest = 0;
  for (const number of numbers) greatest = Math.max(greatest, Math.abs(number));
  if (!(greatest > 0) || !Number.isFinite(greatest)) return SIGNIFICANT - 1;
  return Math.min(8, Math.max(0, SIGNIFICANT - 1 - Math.floor(Math.log10(greatest))));
}

/** Return a number with a fixed count of decimals. @returns {string} with a true minus; never "−0.000" */
export function formatDecimals(number, decimals) {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "–" : number < 0 ? "−∞" : "∞";
  const text = Math.abs(number).toFixed(decimals);
  return number < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Return a number as a summand, with a space behind its sign. */
export function formatSummand(number, decimals) {
  const text = formatDecimals(number, decimals);
  return text.startsWith("−") ? `− ${text.slice(1)}` : `+ ${text}`;
}

/** @param {string} text @returns {string} with a capital first letter */
export function capitalized(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
