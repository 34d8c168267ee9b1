import {borderMedian, dilated, relevelled} from "./pixel-statistics.js";

/**
 * Binarization of photographed documents: ink separated from shading. Rule and constants as in `data/digits/binarize.py`, bit for
 * bit. Pure: no DOM.
 * @typedef {import("./resample.js").GreyPicture} GreyPicture
 * @typedef {object} ThemeColors
 * @property {GreyPicture} ink bright on 0
 * @property {import("./connected-components.js").Mask} strong what is ink for sure, without its soft edge
 * @property {number} factor a pixel of `ink` is so many of the picture's, each way
 * @property {number} threshold of 255: a pixel that absorbs more than this of its ground's light is ink
 * @property {boolean} isCleared whether paper was cleared away, or there was none
 */

/** Pixels; larger images are reduced. */
export const MAX_DOCUMENT_SIDE = 1024;
/** Grey levels by which a flat background may vary. */
const FLAT_LEVELS = 1;
/** Minimum mean darkness of ink relative to its background, of 255. */
const MIN_INK = 40;
/** Background level that absorption is at least measured against. */
const MIN_LIGHT = 64;

/** Return whether half of the border is within one level of its median, which no photo is. @param {GreyPicture} picture */
export function hasFlatBackground(picture) {
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
 * How much each place absorbs of the light that its ground gives back, 0..255; in it a pixel is `factor` of the picture's, each
 * way.
 * @param {number} reach of the closing, in cells
 * @returns {GreyPicture & {factor: number}}
 */
export function absorbedLight({height, width, pixels}, reach) {
  const factor = Math.ceil(Math.max(height, width) / MAX_DOCUMENT_SIDE);
  const plane = blockMeans({height, width, levels: pixels}, factor);
  const {levels} = plane;
  const side = cellSide(plane);
  if (!isDarkerThanBackground(plane, side)) {
    for (let place = 0; place < levels.length; place++) levels[place] = 255 - levels[place];
  }
  const ground = backgroundOf(plane, side, reach).levels;
  const absorbed = new Uint8Array(ground.length);
  for (let place = 0; place < ground.length; place++) {
    const level = ground[place];
    if (level > levels[place]) absorbed[place] = Math.floor((255 * (level - levels[place])) / Math.max(level, MIN_LIGHT));
  }
  return {height: plane.height, width: plane.width, pixels: absorbed, factor};
}

/**
 * @param {GreyPicture & {factor: number}} absorbed
 * @param {number} above what absorbs no more than this is ground
 * @returns {ThemeColors}
 */
export function inkAbove({height, width, pixels, factor}, above) {
  const counts = new Array(256).fill(0);
  for (let place = 0; place < pixels.length; place++) counts[pixels[place]]++;
  counts.fill(0, 0, above + 1);
  const {threshold, strength, rest} = splitLevels(counts);
  const isInk = strength - rest >= MIN_INK;
  const strong = relevelled({height, width, pixels}, (level) => (isInk && level > threshold ? 1 : 0));
  const low = Math.floor((threshold + rest) / 2);
  let near = strong;
  for (let step = 0; step <= Math.floor(Math.max(height, width) / 512); step++) near = dilated(near);
  const ink = relevelled({height, width, pixels}, (level) =>
    Math.min(255, Math.floor((255 * Math.max(level - low, 0)) / Math.max(1, strength - low))));
  for (let place = 0; place < pixels.length; place++) if (!near.pixels[place]) ink.pixels[place] = 0;
  return {ink, strong, factor, threshold, isCleared: true};
}

/**
 * Return Otsu's threshold in integers: the highest background level, and the means above and below it.
 * @param {number[]} counts of 256 levels
 */
function splitLevels(counts) {
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

/**
 * Brightness of the background at each place of a photo, whatever is written on it; as in `data/digits/binarize.py`, bit for bit.
 * Pure: no DOM.
 * @typedef {{height: number, width: number, levels: Int32Array}} Plane row by row
 */

/** Cells along the longer side. */
const BACKGROUND_CELLS = 64;
/** Cells from the centre of a neighbourhood to its edge. */
const NEIGHBOURHOOD = 8;

/**
 * Return the means of squares, cropped at the far edges; halves round up.
 * @param {{height: number, width: number, levels: ArrayLike<number>}} plane
 * @returns {Plane}
 */
export function blockMeans({height, width, levels}, side) {
  const [rows, columns] = [Math.ceil(height / side), Math.ceil(width / side)];
  const means = new Int32Array(rows * columns);
  const sums = new Float64Array(columns);
  // Plain loops: a function call per pixel would take ten times as long on a photo.
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = [row * side, Math.min(height, (row + 1) * side)];
    sums.fill(0);
    for (let line = top; line < bottom; line++) {
      for (let column = 0, place = line * width, left = 0; column < columns; column++) {
        const end = line * width + Math.min(width, (left += side));
        let sum = 0;
        while (place < end) sum += levels[place++];
        sums[column] += sum;
      }
    }
    for (let column = 0; column < columns; column++) {
      const count = (bottom - top) * (Math.min(width, (column + 1) * side) - column * side);
      means[row * columns + column] = Math.floor((2 * sums[column] + count) / (2 * count));
    }
  }
  return {height: rows, width: columns, levels: means};
}

/** @returns {number} the side of a cell */
function cellSide({height, width}) {
  return Math.max(1, Math.ceil(Math.max(height, width) / BACKGROUND_CELLS));
}

/**
 * Return whether the minority of pixels is darker than its surroundings: ink on paper, not chalk on a blackboard.
 * @param {number} side of a cell
 */
function isDarkerThanBackground(plane, side) {
  const near = meansAround(blockMeans(plane, side));
  let moment = 0;
  for (let row = 0; row < plane.height; row++) {
    const start = Math.floor(row / side) * near.width;
    for (let column = 0; column < plane.width; column++) {
      const difference = plane.levels[row * plane.width + column] - near.levels[start + Math.floor(column / side)];
      moment += difference * difference * difference;
    }
  }
  return moment < 0;
}

/**
 * @param {Plane} plane ink dark on bright
 * @param {number} side of a cell
 * @param {number} reach cells from the middle of the closing's window to its edge
 * @returns {Plane} as large
 */
function backgroundOf({height, width, levels}, side, reach) {
  let cells = blockMeans({height, width, levels}, side);
  for (const extreme of [Math.max, Math.min]) {
    cells = extremeAround(cells, extreme, reach, true);
    cells = extremeAround(cells, extreme, reach, false);
  }
  return spreadCells(cells, side, {height, width});
}

/** Return the mean of the 17 × 17 cells around each cell, within the image, rounded down. */
function meansAround({height, width, levels}) {
  const means = new Int32Array(height * width);
  for (let row = 0; row < height; row++) {
    const [top, bottom] = [Math.max(0, row - NEIGHBOURHOOD), Math.min(height, row + NEIGHBOURHOOD + 1)];
    for (let column = 0; column < width; column++) {
      const [left, right] = [Math.max(0, column - NEIGHBOURHOOD), Math.min(width, column + NEIGHBOURHOOD + 1)];
      let sum = 0;
      for (let down = top; down < bottom; down++) {
        for (let place = down * width + left; place < down * width + right; place++) sum += levels[place];
      }
      means[row * width + column] = Math.floor(sum / ((bottom - top) * (right - left)));
    }
  }
  return {height, width, levels: means};
}

function extremeAround({height, width, levels}, extreme, reach, isDown) {
  const found = new Int32Array(levels.length);
  const [length, step] = isDown ? [height, width] : [width, 1];
  for (let place = 0; place < levels.length; place++) {
    const position = isDown ? Math.floor(place / width) : place % width;
    let best = levels[place];
    for (let away = -Math.min(reach, position); away <= Math.min(reach, length - 1 - position); away++) {
      best = extreme(best, levels[place + away * step]);
    }
    found[place] = best;
  }
  return {height, width, levels: found};
}

/** Interpolate bilinearly between cell centres, constant beyond the outermost ones; halves round up. */
function spreadCells(cells, side, {height, width}) {
  const [rows, columns] = [betweenCells(height, cells.height, side), betweenCells(width, cells.width, side)];
  const far = 2 * side;
  const levels = new Int32Array(height * width);
  rows.forEach(({first: top, next: bottom, share: down}, row) => {
    columns.forEach(({first: left, next: right, share: across}, column) => {
      const before = cells.levels[top * cells.width + left] * (far - down) + cells.levels[bottom * cells.width + left] * down;
      const after = cells.levels[top * cells.width + right] * (far - down) + cells.levels[bottom * cells.width + right] * down;
      const both = before * (far - across) + after * across;
      levels[row * width + column] = Math.floor((2 * both + far * far) / (2 * far * far));
    });
  });
  return {height, width, levels};
}

/** For each pixel the cell whose centre lies before it, the next one, and how far it is on to that, in 2·side-ths. */
function betweenCells(length, count, side) {
  return Array.from({length}, (_, pixel) => {
    const place = Math.min(Math.max(2 * pixel + 1 - side, 0), 2 * side * (count - 1));
    const first = Math.floor(place / (2 * side));
    return {first, next: Math.min(first + 1, count - 1), share: place % (2 * side)};
  });
}
