/** Distances between activations of the last hidden layer, and what is unusual among them. Pure: no DOM. */

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {number} the Euclidean distance */
export function distanceBetween(a, b) {
  let squares = 0;
  for (let place = 0; place < a.length; place++) squares += (a[place] - b[place]) ** 2;
  return Math.sqrt(squares);
}

/**
 * Return the OOD score of an image: the Mahalanobis distance to the nearest class, as `analysis/ood/mahalanobis.py` measures it.
 * @param {Float32Array} activations d numbers
 * @param {{whitening: Float32Array, means: Float32Array}} classes d × r numbers, and r for each class
 * @returns {number}
 */
export function oodScore(activations, {whitening, means}) {
  const length = Math.sqrt(activations.reduce((sum, value) => sum + value * value, 0)) || 1;
  const white = new Float64Array(whitening.length / activations.length);
  for (const [row, value] of activations.entries()) {
    const own = value / Math.sqrt(length);
    for (let place = 0; place < white.length; place++) white[place] += own * whitening[row * white.length + place];
  }
  let nearest = Infinity;
  for (let start = 0; start < means.length; start += white.length) {
    nearest = Math.min(nearest, distanceBetween(white, means.subarray(start, start + white.length)));
  }
  return nearest;
}

/**
 * Return the share of reference images that are closer to the training images than this one.
 * @param {number} distance
 * @param {number[]} percentiles 0 to 100 of the known images' distances
 * @returns {number} 0..1; 1 only beyond all of them
 */
export function shareBelow(distance, percentiles) {
  const above = percentiles.findIndex((each) => each > distance);
  if (above < 0) return 1;
  if (above === 0) return 0;
  const [low, high] = [percentiles[above - 1], percentiles[above]];
  return (above - 1 + (distance - low) / (high - low)) / (percentiles.length - 1);
}

/**
 * @param {number} value
 * @param {ArrayLike<number>} sorted ascending
 * @returns {number} the share of the numbers that are greater
 */
export function shareAbove(value, sorted) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > value) high = middle;
    else low = middle + 1;
  }
  return (sorted.length - low) / sorted.length;
}
