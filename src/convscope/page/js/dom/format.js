/**
 * Numbers as the report writes them (`page/formats.py`). Pure: knows no document.
 */

const FEW = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/**
 * `99.40%`; the space does not break.
 *
 * @param {number | null} share
 * @param {number} [digits]
 */
export function percentText(share, digits = 2) {
  return share === null || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(digits)}%`;
}

/**
 * A probability as a percentage, never rounded to none or all: a softmax reaches neither.
 *
 * @param {number} probability
 * @param {number} [digits]
 */
export function probabilityText(probability, digits = 2) {
  const least = 10 ** (-digits - 2);
  if (probability > 1 - least) return `>${percentText(1 - least, digits)}`;
  return probability < least ? `<${percentText(least, digits)}` : percentText(probability, digits);
}

/** `10,000`. @param {number} number */
export function wholeText(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * `one image`, `20 images`.
 *
 * @param {number} number
 * @param {string} noun
 * @param {string} [plural]
 */
export function countedText(number, noun, plural = `${noun}s`) {
  return `${FEW[number] ?? wholeText(number)}\u00a0${number === 1 ? noun : plural}`;
}

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
