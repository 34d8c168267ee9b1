import {seededNoise} from "./random.js";
import {thickened} from "./thickness.js";
import {warped} from "./warp.js";

/**
 * What a reader does to a picture to see when the answer tips over. Pure: knows no document.
 *
 * The order is fixed, whatever the order of the sliders: placement (scale, turn, shift), thickness, contrast and brightness,
 * noise, occlusion. It is that of the world: a thing stands somewhere, light falls on it, a sensor adds noise; and what
 * covers it is a card laid on the finished picture, without noise of its own.
 *
 * @typedef {import("./warp.js").PictureShape} PictureShape
 * @typedef {typeof NEUTRAL_PERTURBATION} Perturbation
 */

/**
 * Nothing happens. `shiftRight`, `shiftDown`: pixels, fractions allowed. `rotation`: degrees clockwise. `scale`: times.
 * `thickness`: pixels of radius, negative thins. `contrast`: times, about the middle grey. `brightness`: added, of 1.
 * `noise`: standard deviation, of 1. `seed`: of the noise. `occlusion`: a square of `size` pixels about (row, column).
 */
export const NEUTRAL_PERTURBATION = {
  shiftRight: 0,
  shiftDown: 0,
  rotation: 0,
  scale: 1,
  thickness: 0,
  contrast: 1,
  brightness: 0,
  noise: 0,
  seed: 1,
  occlusion: {row: 0, column: 0, size: 0, level: 0},
};

/**
 * A perturbed copy; a copy to the last bit where nothing is asked for. What a step changes stays within 0..1.
 *
 * @param {ArrayLike<number>} pixels h·w·c in 0..1
 * @param {PictureShape} shape
 * @param {Partial<Perturbation>} [changes] to NEUTRAL_PERTURBATION
 * @returns {Float32Array}
 */
export function perturb(pixels, shape, changes = {}) {
  const settings = {...NEUTRAL_PERTURBATION, ...changes};
  const {height, width, channels} = shape;
  if (pixels.length !== height * width * channels) {
    throw new RangeError(`invalid picture: ${height} × ${width} × ${channels} with ${pixels.length} values`);
  }
  if (!(settings.scale > 0)) throw new RangeError(`invalid scale: ${settings.scale}`);
  let picture = Float32Array.from(pixels);
  if (movesPixels(settings)) picture = warped(picture, shape, settings);
  if (settings.thickness) picture = thickened(picture, shape, settings.thickness);
  if (settings.contrast !== 1 || settings.brightness) relight(picture, settings);
  if (settings.noise) addNoise(picture, settings);
  if (settings.occlusion.size > 0) occlude(picture, shape, settings.occlusion);
  return picture;
}

/**
 * @param {Partial<Perturbation>} changes
 * @returns {boolean} whether `perturb` would change nothing
 */
export function isNeutral(changes) {
  const settings = {...NEUTRAL_PERTURBATION, ...changes};
  const {thickness, contrast, brightness, noise, occlusion} = settings;
  return !movesPixels(settings) && !thickness && contrast === 1 && !brightness && !noise && !(occlusion.size > 0);
}

function movesPixels({shiftRight, shiftDown, rotation, scale}) {
  return shiftRight !== 0 || shiftDown !== 0 || rotation % 360 !== 0 || scale !== 1;
}

/** @param {Float32Array} picture changed in place, as in all that follow */
function relight(picture, {contrast, brightness}) {
  for (let place = 0; place < picture.length; place++) {
    picture[place] = withinUnit((picture[place] - 0.5) * contrast + 0.5 + brightness);
  }
}

function addNoise(picture, {noise, seed}) {
  const next = seededNoise(seed);
  for (let place = 0; place < picture.length; place++) picture[place] = withinUnit(picture[place] + noise * next());
}

/** The pixels whose centres lie in a square of `size` about the centre of pixel (row, column): 5 × 5 for 5, 4 × 4 for 4. */
function occlude(picture, {height, width, channels}, {row, column, size, level = 0}) {
  const [top, left] = [row - size / 2, column - size / 2].map((edge) => Math.max(0, Math.ceil(edge)));
  const bottom = Math.min(height, Math.ceil(row + size / 2));
  const right = Math.min(width, Math.ceil(column + size / 2));
  for (let line = top; line < bottom; line++) {
    if (right > left) picture.fill(level, (line * width + left) * channels, (line * width + right) * channels);
  }
}

/** @param {number} value */
function withinUnit(value) {
  return Math.min(1, Math.max(0, value));
}
