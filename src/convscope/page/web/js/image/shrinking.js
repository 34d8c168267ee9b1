/**
 * A picture as a browser decodes it, made as `data/decoding.py` makes it: no side longer than 2048 pixels, and what is
 * transparent laid on white. In whole numbers, with Pillow's own rounding, so that both have the same pixels. Pure: knows no
 * document.
 *
 * @typedef {{height: number, width: number, data: Uint8ClampedArray}} Pixels RGBA, row by row; all opaque once laid on white
 */

/** In pixels: larger pictures are made smaller. */
const LONGEST_PICTURE = 2048;

/** @param {{height: number, width: number}} picture @returns {number} pixels of it that become one, each way */
export function shrinkFactor({height, width}) {
  return Math.ceil(Math.max(height, width) / LONGEST_PICTURE);
}

/**
 * Means of squares, those at the far edges of what is there of them, laid on white. Some rows of a picture may be given, if
 * their number is a multiple of `factor`, or they are the last.
 *
 * @param {Pixels} picture
 * @param {number} factor
 * @returns {Pixels}
 */
export function shrunkOnWhite(picture, factor) {
  return laidOnWhite(factor === 1 ? picture : reducedPixels(picture, factor));
}

/** As Pillow's `reduce`: colours weigh as much as they are opaque. */
function reducedPixels({height, width, data}, factor) {
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

/** The mean of `count` pixels; the reciprocal is cut to 24 binary digits, as in Pillow's C. */
function putMean(reduced, place, sums, sum, count) {
  const [reciprocal, half] = [Math.floor(2 ** 24 / count), count >> 1];
  const opacity = ((sums[sum + 3] + half) * reciprocal) >>> 24;
  for (let channel = 0; channel < 3; channel++) {
    const level = ((sums[sum + channel] + half) * reciprocal) >>> 24;
    reduced[place + channel] = opacity === 255 || opacity === 0 ? level : Math.min(255, Math.floor((255 * level) / opacity));
  }
  reduced[place + 3] = opacity;
}

/** Of numbers up to 255 · 255, rounded; there are no halves. */
function dividedBy255(product) {
  return Math.floor((product + 127) / 255);
}

/** The integers of `data/grey.py`. Changes the picture handed in. */
function laidOnWhite({height, width, data}) {
  for (let place = 0; place < data.length; place += 4) {
    const opacity = data[place + 3];
    if (opacity === 255) continue;
    for (let channel = place; channel < place + 3; channel++) {
      data[channel] = 255 - opacity + dividedBy255(data[channel] * opacity);
    }
    data[place + 3] = 255;
  }
  return {height, width, data};
}
