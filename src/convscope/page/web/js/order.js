/**
 * The order of the rows of a table. Pure: knows no document.
 *
 * @typedef {"ascending" | "descending"} Direction
 */

/**
 * Numbers first by clicking: the worst class is what a reader looks for.
 *
 * @param {Direction | "none" | null} current
 * @returns {Direction}
 */
export function nextDirection(current) {
  return current === "ascending" ? "descending" : "ascending";
}

/**
 * The places of `keys` in the order asked for; equal ones stay as they were.
 *
 * @param {string[]} keys numbers as text, or names
 * @param {Direction} direction
 * @returns {number[]}
 */
export function sortedPlaces(keys, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  return keys.map((_, place) => place).sort((a, b) => sign * compareKeys(keys[a], keys[b]) || a - b);
}

/**
 * @param {string} a
 * @param {string} b
 */
export function compareKeys(a, b) {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? a.localeCompare(b) : difference;
}
