/**
 * Resampling of a grey image into a box in integers only; as in `data/images/resample.py`, which says why the sums are exact.
 * Pure: no DOM.
 * @typedef {{height: number, width: number, pixels: Uint8Array}} GreyPicture row by row, 0 is black
 * @typedef {{box: number, length: number}} FittingScale `box` pixels of the box for every `length` pixels of the picture
 * @typedef {{first: number, weights: number[]}} PixelShare the inputs that give to one output, from `first` on
 */

/**
 * Return the largest scale at which an image fits into a box.
 * @param {{height: number, width: number}} picture
 * @param {{height: number, width: number}} box
 * @returns {FittingScale}
 */
export function fittingScale(picture, box) {
  return picture.height * box.width >= picture.width * box.height
    ? {box: box.height, length: picture.height}
    : {box: box.width, length: picture.width};
}

/**
 * Resample the image into the middle of the box: area means when shrinking, bilinear when enlarging.
 *
 * Outside the image is 0. Halves round up.
 * @param {{height: number, width: number}} box
 * @returns {GreyPicture}
 */
export function fitInto({height, width, pixels}, box) {
  const scale = fittingScale({height, width}, box);
  const rows = axisShares(height, box.height, scale);
  const columns = axisShares(width, box.width, scale);
  const area = (2 * Math.max(scale.length, scale.box)) ** 2;
  return {height: box.height, width: box.width, pixels: weightedLevels({width, pixels}, rows, columns, () => area)};
}

/**
 * Return weighted means of pixels; halves round up.
 * @param {{width: number, pixels: Uint8Array}} picture
 * @param {PixelShare[]} rows for each output row
 * @param {PixelShare[]} columns
 * @param {(down: PixelShare, across: PixelShare) => number} areaOf what the weights of an output pixel are divided by
 */
export function weightedLevels({width, pixels}, rows, columns, areaOf) {
  const levels = new Uint8Array(rows.length * columns.length);
  const line = new Float64Array(width);
  rows.forEach((down, row) => {
    line.fill(0);
    down.weights.forEach((weight, step) => {
      const start = (down.first + step) * width;
      for (let column = 0; column < width; column++) line[column] += weight * pixels[start + column];
    });
    columns.forEach((across, column) => {
      let sum = 0;
      for (let step = 0; step < across.weights.length; step++) sum += across.weights[step] * line[across.first + step];
      const area = areaOf(down, across);
      levels[row * columns.length + column] = Math.floor((2 * sum + area) / (2 * area));
    });
  });
  return levels;
}

/** Return the nonzero weights from input pixels to output pixels along one axis. @returns {PixelShare[]} */
export function axisShares(inputs, outputs, {box, length}) {
  const margin = marginBefore(inputs, outputs, {box, length});
  const weigh = length >= box ? areaWeight : bilinearWeight;
  const reach = length / box + 1;
  return Array.from({length: outputs}, (_, output) => {
    const middle = ((2 * output + 1) * length - margin) / (2 * box);
    const share = {first: 0, weights: []};
    const last = Math.min(inputs - 1, Math.ceil(middle + reach));
    for (let input = Math.max(0, Math.floor(middle - reach)); input <= last; input++) {
      const weight = weigh(output, input, {box, length, margin});
      if (weight <= 0) continue;
      if (!share.weights.length) share.first = input;
      share.weights.push(weight);
    }
    return share;
  });
}

/**
 * Return the margin before the image: half of the rest.
 *
 * An image that covers whole pixels stays on the grid, so that scale 1 is the identity and an enlargement with hard
 * pixels is undone exactly.
 * @returns {number} in units in which an input pixel is 2·box long and an output pixel 2·length; so are the weights below
 */
function marginBefore(inputs, outputs, {box, length}) {
  const leftOver = outputs * length - inputs * box;
  return (inputs * box) % length ? leftOver : Math.floor(leftOver / (2 * length)) * 2 * length;
}

/** Return the overlap of an output pixel and an input pixel. */
function areaWeight(output, input, {box, length, margin}) {
  const last = Math.min(2 * length * (output + 1), 2 * box * (input + 1) + margin);
  return last - Math.max(2 * length * output, 2 * box * input + margin);
}

/** Return one input length minus the distance of the centres. */
function bilinearWeight(output, input, {box, length, margin}) {
  return 2 * box - Math.abs((2 * output + 1) * length - (2 * input + 1) * box - margin);
}

/**
 * Reduction of a decoded image to at most 2,048 pixels per side, on white; as in `data/images/decode.py`.
 *
 * Integers with Pillow's rounding, so that both give the same pixels. Pure: no DOM.
 * @typedef {{height: number, width: number, data: Uint8ClampedArray}} Pixels RGBA, row by row; all opaque once laid on white
 */

/** Pixels; larger images are reduced. */
const MAX_PICTURE_SIDE = 2048;

/** @param {{height: number, width: number}} picture @returns {number} pixels of it that become one, each way */
export function shrinkFactor({height, width}) {
  return Math.ceil(Math.max(height, width) / MAX_PICTURE_SIDE);
}

/**
 * Return the means of squares, cropped at the far edges, as Pillow's `reduce`: colours are weighted by opacity.
 *
 * Some rows of an image may be passed if their number is a multiple of `factor`, or if they are the last ones.
 * @param {Pixels} picture
 * @returns {Pixels}
 */
export function shrunk({height, width, data}, factor) {
  if (factor === 1) return {height, width, data};
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const reduced = new Uint8ClampedArray(4 * rows * columns);
  const sums = new Uint32Array(4 * columns);
  for (let row = 0; row < rows; row++) {
    const [top, bottom] = [row * factor, Math.min(height, (row + 1) * factor)];
    sums.fill(0);
    for (let line = top; line < bottom; line++) addLine(sums, data, line * width, width, factor);
    for (let column = 0; column < columns; column++) {
      const count = (bottom - top) * (Math.min(width, (column + 1) * factor) - column * factor);
      putMean(reduced, 4 * (row * columns + column), sums, 4 * column, count);
    }
  }
  return {height: rows, width: columns, data: reduced};
}

function addLine(sums, data, start, width, factor) {
  for (let column = 0, place = 4 * start, sum = 0; column < width; sum += 4) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let opacity = 0;
    for (const end = Math.min(width, column + factor); column < end; column++, place += 4) {
      const own = data[place + 3];
      opacity += own;
      if (own === 255) {
        red += data[place];
        green += data[place + 1];
        blue += data[place + 2];
      } else {
        red += dividedBy255(data[place] * own);
        green += dividedBy255(data[place + 1] * own);
        blue += dividedBy255(data[place + 2] * own);
      }
    }
    sums[sum] += red;
    sums[sum + 1] += green;
    sums[sum + 2] += blue;
    sums[sum + 3] += opacity;
  }
}

/** Write the mean of `count` pixels, with the reciprocal cut to 24 bits as in Pillow's C code. */
function putMean(reduced, place, sums, sum, count) {
  const [reciprocal, half] = [Math.floor(2 ** 24 / count), count >> 1];
  const opacity = ((sums[sum + 3] + half) * reciprocal) >>> 24;
  for (let channel = 0; channel < 3; channel++) {
    const level = ((sums[sum + channel] + half) * reciprocal) >>> 24;
    reduced[place + channel] = opacity === 255 || opacity === 0 ? level : Math.min(255, Math.floor((255 * level) / opacity));
  }
  reduced[place + 3] = opacity;
}

/** Divide integers up to 255 · 255, rounded; no halves occur. */
function dividedBy255(product) {
  return Math.floor((product + 127) / 255);
}

/** Lowest level of white ink. */
const WHITE_INK = 240;
/** Lowest opacity of ink. */
const OPAQUE_INK = 128;

/** Composite on white with the integers of `data/images/resample.py`, in place; white ink on black, as `data/images/decode.py`. */
export function laidOnWhite({height, width, data}) {
  let [darkest, least, most] = [255, 255, 0];
  for (let place = 0; place < data.length; place += 4) {
    const opacity = data[place + 3];
    least = Math.min(least, opacity);
    most = Math.max(most, opacity);
    for (let channel = place; channel < place + 3; channel++) {
      data[channel] = 255 - opacity + dividedBy255(data[channel] * opacity);
      darkest = Math.min(darkest, data[channel]);
    }
  }
  const isWhiteInk = darkest >= WHITE_INK && most >= OPAQUE_INK && least < OPAQUE_INK;
  for (let place = 0; place < data.length; place += 4) {
    if (isWhiteInk) data.fill(data[place + 3], place, place + 3);
    data[place + 3] = 255;
  }
  return {height, width, data};
}

/**
 * Return an opaque picture stretched from black and white of the training images, if its levels are all between them; else as it
 * is. As `GivenRange` in `data/readers/pixel_scale.py`.
 * @param {Pixels} picture
 * @param {[number, number]} range of values
 * @param {number} [valuesPerLevel] 257 if the browser reduced the picture from 16 to 8 bits
 * @returns {Pixels}
 */
export function stretched({height, width, data}, [low, high], valuesPerLevel = 1) {
  if (low === 0 && high === 255) return {height, width, data};
  for (let place = 0; place < data.length; place++) {
    const isOpacity = place % 4 === 3;
    const value = data[place] * valuesPerLevel;
    if (isOpacity ? data[place] !== 255 : value < low || value >= high + valuesPerLevel) return {height, width, data};
  }
  const level = (value) => Math.floor(((Math.min(value * valuesPerLevel, high) - low) * 255) / (high - low) + 0.5);
  return {height, width, data: data.map((value, place) => (place % 4 === 3 ? 255 : level(value)))};
}
