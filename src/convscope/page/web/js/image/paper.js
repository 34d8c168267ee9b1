import {blockMeans, cellSide, groundOf, isDarkerThanItsGround} from "./ground.js";
import {borderMedian, grownMask, relevelled} from "./levels.js";

/**
 * Ink on paper, photographed: what is ink and what is only shade, told apart. The rule, its numbers and why stand in
 * `data/paper.py`; this is its twin, to the last bit. Pure: knows no document.
 *
 * @typedef {import("./resample.js").GreyPicture} GreyPicture
 * @typedef {object} Paper
 * @property {GreyPicture} ink bright on 0
 * @property {import("./components.js").Mask} strong what is ink for sure, without its soft edge
 * @property {number} factor a pixel of `ink` is so many of the picture's, each way
 * @property {number} threshold of 255: a pixel that swallows more than this of its ground's light is ink
 * @property {boolean} isCleared whether paper was cleared away, or there was none
 */

/** In pixels: larger pictures are made smaller. */
export const LONGEST_PAPER = 1024;
/** Grey levels that a flat ground may vary by. */
const FLAT_LEVELS = 1;
/** Of 255, what ink must swallow on average more than its ground. */
const LEAST_INK = 40;

/** Whether half of the border is within one level of its median: no photo. @param {GreyPicture} picture */
export function hasFlatGround(picture) {
  const {height, width, pixels} = picture;
  const middle = borderMedian(picture);
  let [near, total] = [0, 0];
  for (let row = 0; row < height; row++) {
    const step = row === 0 || row === height - 1 ? 1 : Math.max(1, width - 1);
    for (let column = 0; column < width; column += step, total++) {
      if (Math.abs(pixels[row * width + column] - middle) <= FLAT_LEVELS) near++;
    }
  }
  return 2 * near >= total;
}

/**
 * How much each place swallows of the light that its ground gives back, 0..255; in it a pixel is `factor` of the picture's, each
 * way.
 *
 * @param {GreyPicture} picture
 * @param {number} reach of the closing, in cells
 * @returns {GreyPicture & {factor: number}}
 */
export function swallowedLight({height, width, pixels}, reach) {
  const factor = Math.ceil(Math.max(height, width) / LONGEST_PAPER);
  const plane = blockMeans({height, width, levels: pixels}, factor);
  const {levels} = plane;
  const side = cellSide(plane);
  if (!isDarkerThanItsGround(plane, side)) {
    for (let place = 0; place < levels.length; place++) levels[place] = 255 - levels[place];
  }
  const ground = groundOf(plane, side, reach).levels;
  const swallowed = new Uint8Array(ground.length);
  for (let place = 0; place < ground.length; place++) {
    const level = ground[place];
    if (level > levels[place]) swallowed[place] = Math.floor((255 * (level - levels[place])) / level);
  }
  return {height: plane.height, width: plane.width, pixels: swallowed, factor};
}

/**
 * @param {GreyPicture & {factor: number}} swallowed
 * @param {number} above what swallows no more than this is ground
 * @returns {Paper}
 */
export function inkAbove({height, width, pixels, factor}, above) {
  const counts = new Array(256).fill(0);
  for (let place = 0; place < pixels.length; place++) counts[pixels[place]]++;
  counts.fill(0, 0, above + 1);
  const {threshold, strength, rest} = splitLevels(counts);
  const isInk = strength - rest >= LEAST_INK;
  const strong = relevelled({height, width, pixels}, (level) => (isInk && level > threshold ? 1 : 0));
  const low = Math.floor((threshold + rest) / 2);
  let near = strong;
  for (let step = 0; step <= Math.floor(Math.max(height, width) / 512); step++) near = grownMask(near);
  const ink = relevelled({height, width, pixels}, (level) =>
    Math.min(255, Math.floor((255 * Math.max(level - low, 0)) / Math.max(1, strength - low))));
  for (let place = 0; place < pixels.length; place++) if (!near.pixels[place]) ink.pixels[place] = 0;
  return {ink, strong, factor, threshold, isCleared: true};
}

/**
 * Otsu's threshold, in whole numbers of any size: the level up to which it is ground, and the means above it and up to it.
 *
 * @param {number[]} counts of 256 levels
 */
export function splitLevels(counts) {
  const total = BigInt(counts.reduce((sum, count) => sum + count, 0));
  const moment = BigInt(counts.reduce((sum, count, level) => sum + level * count, 0));
  let [below, belowMoment, bestSpread, bestWeights] = [0n, 0n, 0n, 1n];
  let found = {threshold: 255, strength: 0, rest: 0};
  counts.forEach((count, level) => {
    below += BigInt(count);
    belowMoment += BigInt(level * count);
    if (below === 0n || below === total) return;
    const [spread, weights] = [(belowMoment * total - moment * below) ** 2n, below * (total - below)];
    if (spread * bestWeights <= bestSpread * weights) return;
    [bestSpread, bestWeights] = [spread, weights];
    const [strength, rest] = [(moment - belowMoment) / (total - below), belowMoment / below];
    found = {threshold: level, strength: Number(strength), rest: Number(rest)};
  });
  return found;
}
