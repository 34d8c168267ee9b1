/**
 * The open image as the network is given it. Pure: knows no document.
 *
 * @param {ArrayLike<number>} pixels h · w · c numbers in 0..1
 * @param {number[]} shape [h, w, c]; three channels are red, green and blue, any other number of them is shown as their mean
 * @param {boolean} isTurned whether 1 is black, as ink is
 * @param {Uint8ClampedArray | number[]} target 4 bytes per pixel
 * @param {{width?: number, left?: number, channel?: number}} [where] width of the target, where in it the picture begins, and
 *   which channel alone is to be shown, in grey
 */
export function paintImage(pixels, [rows, columns, channels], isTurned, target, {width = columns, left = 0, channel = -1} = {}) {
  const isColour = channels === 3 && channel < 0;
  for (let pixel = 0; pixel < rows * columns; pixel++) {
    const to = 4 * (Math.floor(pixel / columns) * width + left + (pixel % columns));
    const from = pixel * channels;
    const light = isColour ? 0 : channel < 0 ? meanOf(pixels, from, channels) : pixels[from + channel];
    const grey = 255 * (isTurned ? 1 - light : light);
    for (let part = 0; part < 3; part++) target[to + part] = isColour ? 255 * pixels[from + part] : grey;
    target[to + 3] = 255;
  }
}

function meanOf(values, start, count) {
  let sum = 0;
  for (let index = start; index < start + count; index++) sum += values[index];
  return sum / count;
}
