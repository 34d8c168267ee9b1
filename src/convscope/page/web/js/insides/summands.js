/**
 * A sum of many parts, its largest ones first, and what the others come to. Pure: knows no document.
 *
 * @template T
 * @typedef {{shown: T[], hidden: number, rest: number}} Summands `rest` is what the hidden ones add up to
 */

/**
 * @template T
 * @param {T[]} parts
 * @param {(part: T) => number} valueOf
 * @param {number} count how many are shown
 * @param {boolean} [isSorted] largest magnitude first; false for their own order
 * @returns {Summands<T>}
 */
export function largestFirst(parts, valueOf, count, isSorted = true) {
  const order = isSorted ? [...parts].sort((a, b) => Math.abs(valueOf(b)) - Math.abs(valueOf(a))) : parts;
  const others = order.slice(count);
  return {shown: order.slice(0, count), hidden: others.length, rest: others.reduce((sum, part) => sum + valueOf(part), 0)};
}
