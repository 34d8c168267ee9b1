/**
 * Statistics of a grey image: extremes, border, bounding box and moments of the ink. Ink is any level above 0. Pure: no
 * DOM.
 * @typedef {import("./resample.js").GreyPicture} GreyPicture
 * @typedef {{top: number, left: number, bottom: number, right: number}} InkBox both ends included
 */

/**
 * Return a copy with every level replaced, through a table of 256 entries instead of a call per pixel.
 * @param {(level: number) => number} replace
 * @returns {GreyPicture}
 */
export function relevelled({height, width, pixels}, replace) {
  const table = Uint8Array.from({length: 256}, (_, level) => replace(level));
  const replaced = new Uint8Array(pixels.length);
  // A loop: `map` takes ten times as long, and this runs while a stroke is drawn.
  for (let place = 0; place < pixels.length; place++) replaced[place] = table[pixels[place]];
  return {height, width, pixels: replaced};
}

/** @param {Uint8Array} pixels at least one */
export function extremeLevels(pixels) {
  let [darkest, peak] = [255, 0];
  for (let place = 0; place < pixels.length; place++) {
    const level = pixels[place];
    if (level < darkest) darkest = level;
    if (level > peak) peak = level;
  }
  return {darkest, peak};
}

/** Return the median of the border pixels; of an even number, the darker middle one. */
export function borderMedian({height, width, pixels}) {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let row = 0; row < height; row++) {
    const step = row === 0 || row === height - 1 ? 1 : Math.max(1, width - 1);
    for (let column = 0; column < width; column += step, total++) counts[pixels[row * width + column]]++;
  }
  let level = 0;
  for (let below = counts[0]; 2 * below < total; below += counts[level]) level++;
  return level;
}

/** @param {GreyPicture} picture @returns {InkBox | null} where anything is above 0 */
export function inkBox({height, width, pixels}) {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let row = 0, place = 0; row < height; row++) {
    for (let column = 0; column < width; column++, place++) {
      if (!pixels[place]) continue;
      if (top > row) top = row;
      bottom = row;
      if (column < left) left = column;
      if (column > right) right = column;
    }
  }
  return bottom < 0 ? null : {top, left, bottom, right};
}

/** @returns {[number, number, number]} the sum of all levels, and of level × row and level × column */
export function inkMoments({height, width, pixels}) {
  let [total, down, across] = [0, 0, 0];
  for (let row = 0, place = 0; row < height; row++) {
    for (let column = 0; column < width; column++, place++) {
      total += pixels[place];
      down += row * pixels[place];
      across += column * pixels[place];
    }
  }
  return [total, down, across];
}

/** Dilate a mask or a grey image by one pixel in eight directions. @param {GreyPicture} picture */
export function dilated({height, width, pixels}) {
  const rows = pixels.slice();
  for (let place = width; place < pixels.length; place++) {
    if (pixels[place - width] > rows[place]) rows[place] = pixels[place - width];
    if (pixels[place] > rows[place - width]) rows[place - width] = pixels[place];
  }
  const both = rows.slice();
  for (let start = 0; start < rows.length; start += width) {
    for (let place = start + 1; place < start + width; place++) {
      if (rows[place - 1] > both[place]) both[place] = rows[place - 1];
      if (rows[place] > both[place - 1]) both[place - 1] = rows[place];
    }
  }
  return {height, width, pixels: both};
}

/**
 * Convert colour to grey as `data/images/resample.py` does: ITU-R 601 luma with Pillow's integers, transparency on white. Pure: no
 * DOM.
 * @param {{height: number, width: number, data: ArrayLike<number>}} image as a canvas' `getImageData` gives it: RGBA
 * @returns {import("./resample.js").GreyPicture}
 */
export function toGrey({height, width, data}) {
  const pixels = new Uint8Array(height * width);
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    const opacity = data[4 * pixel + 3];
    const red = overWhite(data[4 * pixel], opacity);
    const green = overWhite(data[4 * pixel + 1], opacity);
    const blue = overWhite(data[4 * pixel + 2], opacity);
    pixels[pixel] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
  }
  return {height, width, pixels};
}

/** Composite a level on white; level and opacity are 0..255. */
function overWhite(level, opacity) {
  return opacity === 255 ? level : Math.floor((level * opacity + 255 * (255 - opacity) + 127) / 255);
}
