import {makeWorkspace, runNetwork} from "./network.js";

/**
 * Decrease of the logits when a patch of the image is occluded.
 * @typedef {{size: number, stride: number}} Patch `size`: its side in pixels; `stride`: from one patch to the next, and side of
 *   the square of pixels that one number stands for
 * @typedef {object} OcclusionMap
 * @property {number} rows
 * @property {number} columns
 * @property {Float32Array} drop rows · columns numbers: before minus covered, positive where the patch hid what speaks for
 *   the class. Each stands for `stride` × `stride` pixels, from (row · stride, column · stride) on, and its patch was laid
 *   over their middle
 */

/**
 * Run the network once per patch, for all classes together.
 *
 * A generator, so that the page stays responsive: it yields the share done, row by row, and returns a map per class, or
 * null if a layer cannot be computed.
 * @returns {Generator<number, OcclusionMap[] | null>}
 */
export function* occlusionMaps(network, pixels, classIndices, {size, stride}) {
  if (network.unknown.length) return null;
  const [height, width] = network.inputShape;
  const rows = Math.ceil(height / stride);
  const columns = Math.ceil(width / stride);
  const drops = classIndices.map(() => new Float32Array(rows * columns));
  const workspace = makeWorkspace(network);
  const scoresOf = (image) => {
    const {logits} = runNetwork(network, image, workspace);
    return classIndices.map((classIndex) => logits[classIndex]);
  };
  const whole = scoresOf(pixels);
  const covered = Float32Array.from(pixels);
  const lead = Math.floor((stride - size) / 2);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const changed = coverPatch(covered, network.inputShape, row * stride + lead, column * stride + lead, size);
      // A patch on zeros changes nothing, and most of a digit's image is zeros.
      if (changed) scoresOf(covered).forEach((score, place) => { drops[place][row * columns + column] = whole[place] - score; });
      covered.set(pixels);
    }
    yield (row + 1) / rows;
  }
  return drops.map((drop) => ({rows, columns, drop}));
}

/** Set a patch of the image to 0, in place. @returns {boolean} whether any pixel changed */
export function coverPatch(image, [height, width, channels], top, left, size) {
  let changed = false;
  for (let row = Math.max(top, 0); row < Math.min(top + size, height); row++) {
    const start = (row * width + Math.max(left, 0)) * channels;
    const end = (row * width + Math.min(left + size, width)) * channels;
    for (let index = start; index < end; index++) {
      changed ||= image[index] !== 0;
      image[index] = 0;
    }
  }
  return changed;
}
