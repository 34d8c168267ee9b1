import {DIGIT_SETTINGS} from "../image/prepare.js";

/**
 * How a drawing or a picture becomes what this network takes, by what its images are like. Pure: knows no document.
 *
 * @typedef {object} Making
 * @property {"digit" | "plain" | "colour"} way digit: all that MNIST did; plain: scaled, and nothing else; colour: as plain,
 *   and there is no drawing
 * @property {string | null} polarity "light on dark" or "dark on light", where that is the way of nearly all images of a grey
 *   set of anything but digits
 * @property {number} padHeight in pixels, a whole multiple of the image where it is smaller than the pad
 * @property {number} padWidth
 * @property {number} radius of the brush at the start, in pixels of the pad
 * @property {Partial<typeof DIGIT_SETTINGS>} settings for prepareDigit
 */

const PAD_SIDE = 280;

/**
 * @param {object} dataset the payload's
 * @param {{digits: {digit_size_fraction: number, centre: boolean} | null, polarity: string | null}} fitting the payload's
 * @returns {Making}
 */
export function makingFor({image_shape: [height, width, channels]}, {digits, polarity}) {
  const times = PAD_SIDE / Math.max(height, width);
  const cell = times >= 1 ? Math.floor(times) : times;
  const [padHeight, padWidth] = [Math.max(1, Math.round(height * cell)), Math.max(1, Math.round(width * cell))];
  // A stroke of MNIST is 2.4 of 28 pixels wide, one of scikit-learn's digits 1.6 of 8.
  const radius = Math.max(6, Math.round(Math.min(height, width) >= 16 ? 0.043 * Math.min(padHeight, padWidth) : 0.8 * cell));
  const way = channels !== 1 ? "colour" : digits ? "digit" : "plain";
  const frame = {height, width};
  const settings = way === "digit" ? {...frame, boxShare: digits.digit_size_fraction, centre: digits.centre} : {...frame, ...AS_IT_IS};
  return {way, polarity, padHeight, padWidth, radius, settings};
}

const AS_IT_IS = {polarity: "keep", ground: false, crop: false, fit: false, contrast: false, centre: false};
