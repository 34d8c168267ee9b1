/**
 * The transformation of the open image as text for the hash: `turn:15,noise:0.2`. Pure: no DOM.
 *
 * @typedef {typeof NO_CHANGE} Change
 */

/**
 * No transformation.
 *
 * `right`, `down`, `thick`, `cover`, `row`, `column`: pixels of the image; `turn`: degrees clockwise; `scale`: factor;
 * `noise`: standard deviation, of 1; `seed`: of the noise. `cover` is the side of a square centred on the image and moved
 * by `row` and `column`.
 */
export const NO_CHANGE = Object.freeze({
  right: 0, down: 0, turn: 0, scale: 1, thick: 0, noise: 0, seed: 1, cover: 0, row: 0, column: 0,
});

/**
 * @param {string} text any text
 * @returns {Change} what is not understood is left out
 */
export function parseChange(text) {
  const change = {...NO_CHANGE};
  for (const part of text.split(",")) {
    const [key, value] = part.split(":");
    if (Object.hasOwn(NO_CHANGE, key) && value && Math.abs(Number(value)) <= 1000) change[key] = Number(value);
  }
  if (!(change.scale >= 0.1)) change.scale = 1;
  return change;
}

/**
 * @param {Partial<Change>} change
 * @returns {string} "" for none
 */
export function formatChange(change) {
  return Object.keys(NO_CHANGE)
    .filter((key) => change[key] !== undefined && change[key] !== NO_CHANGE[key])
    .map((key) => `${key}:${Number(change[key].toFixed(3))}`)
    .join(",");
}

/**
 * @param {Change} change
 * @param {number[]} shape [height, width, channels]
 * @returns {object} for `perturb` of image/perturb.js
 */
export function perturbationOf({right, down, turn, scale, thick, noise, seed, cover, row, column}, [height, width]) {
  const middle = {row: (height - 1) / 2 + row, column: (width - 1) / 2 + column};
  return {
    shiftRight: right, shiftDown: down, rotation: turn, scale, thickness: thick, noise, seed,
    occlusion: {...middle, size: cover, level: 0.5},
  };
}
