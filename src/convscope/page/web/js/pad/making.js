import {inkBox} from "../image/levels.js";
import {DIGIT_SETTINGS} from "../image/prepare.js";

/**
 * How a drawing or a picture becomes what this network takes, by what its images are like. Pure: knows no document.
 *
 * @typedef {object} Making
 * @property {"digit" | "plain" | "colour"} way digit: all that MNIST did; plain: scaled, and nothing else; colour: as plain,
 *   and there is no drawing
 * @property {number} padHeight in pixels, a whole multiple of the image where it is smaller than the pad
 * @property {number} padWidth
 * @property {number} radius of the brush at the start, in pixels of the pad
 * @property {Partial<typeof DIGIT_SETTINGS>} settings for prepareDigit
 */

const PAD_SIDE = 280;
/** Images that are measured. */
const MEASURED = 300;

/**
 * @param {object} dataset the payload's
 * @param {import("../data/images.js").Images | null} images of the set
 * @returns {Making}
 */
export function makingFor({image_shape: [height, width, channels], things}, images) {
  const times = PAD_SIDE / Math.max(height, width);
  const cell = times >= 1 ? Math.floor(times) : times;
  const [padHeight, padWidth] = [Math.max(1, Math.round(height * cell)), Math.max(1, Math.round(width * cell))];
  // A stroke of MNIST is 2.4 of 28 pixels wide, one of scikit-learn's digits 1.6 of 8.
  const radius = Math.max(6, Math.round(Math.min(height, width) >= 16 ? 0.043 * Math.min(padHeight, padWidth) : 0.8 * cell));
  const way = channels !== 1 ? "colour" : things === "digits" ? "digit" : "plain";
  const frame = {height, width};
  const settings = way === "digit" ? {...frame, boxShare: boxShareOf(images)} : {...frame, ...AS_IT_IS};
  return {way, padHeight, padWidth, radius, settings};
}

const AS_IT_IS = {polarity: "keep", ground: false, crop: false, fit: false, contrast: false, centre: false};

/**
 * The share of the frame that the longer side of the ink takes in these images: 20 / 28 in MNIST, all in scikit-learn's.
 *
 * @param {import("../data/images.js").Images | null} images
 */
export function boxShareOf(images) {
  if (!images?.count) return DIGIT_SETTINGS.boxShare;
  const {height, width, pixels} = images;
  const size = height * width;
  const shares = [];
  for (let row = 0; row < Math.min(MEASURED, images.count); row++) {
    const box = inkBox({height, width, pixels: pixels.subarray(row * size, (row + 1) * size)});
    if (box) shares.push(Math.max((box.bottom - box.top + 1) / height, (box.right - box.left + 1) / width));
  }
  return shares.sort((a, b) => a - b)[Math.floor(shares.length / 2)] ?? DIGIT_SETTINGS.boxShare;
}
