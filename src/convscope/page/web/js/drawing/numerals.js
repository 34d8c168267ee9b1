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
