/**
 * Random numbers of our own, so that the same seed gives the same noise in every browser. Pure: knows no document.
 */

/**
 * Even numbers from 0 up to 1, without 1: mulberry32 by Tommy Ettinger, who put it into the public domain.
 *
 * @param {number} seed a whole number
 * @returns {() => number}
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Numbers about 0 with standard deviation 1, nearly normal: a sum of four even ones. It needs no logarithm and no cosine,
 * whose last digit differs between browsers; the price is that nothing lies further out than 3.46.
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function seededNoise(seed) {
  const even = seededRandom(seed);
  return () => (even() + even() + even() + even() - 2) * Math.sqrt(3);
}
