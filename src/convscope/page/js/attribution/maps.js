/** Attribution maps over the image that they explain. Pure: no DOM. */

/** Opacity of the image under a map. */
const SHADE = 0.22;

/**
 * Sum values per pixel and channel over the channels.
 * @param {ArrayLike<number>} values h · w · c numbers
 * @returns {Float32Array} h · w numbers
 */
export function overChannels(values, channels) {
  const sums = new Float32Array(values.length / channels);
  for (let index = 0; index < values.length; index++) sums[Math.floor(index / channels)] += values[index];
  return sums;
}

/**
 * Convert an occlusion map to one number per pixel.
 * @param {{columns: number, drop: Float32Array}} map
 * @param {number} stride pixels that one number stands for, along a side
 * @param {number[]} shape [height, width] of the image
 */
export function dropPerPixel({columns, drop}, stride, [height, width]) {
  const place = (pixel) => Math.floor(Math.floor(pixel / width) / stride) * columns + Math.floor((pixel % width) / stride);
  return Float32Array.from({length: height * width}, (_, pixel) => drop[place(pixel)]);
}

/** Paint an attribution map into a canvas of the image's size. */
export function drawAttribution(canvas, values, scale, image, colors) {
  const context = canvas.getContext("2d");
  const painted = context.createImageData(canvas.width, canvas.height);
  paintAttribution(values, scale, image, colors, painted.data);
  context.putImageData(painted, 0, 0);
}

/**
 * Paint signed values over the image, which darkens them on a light page and lightens them on a dark one.
 * @param {ArrayLike<number>} values one per pixel
 * @param {ArrayLike<number>} image h · w · c numbers in 0..1
 * @param {Uint8ClampedArray | number[]} target 4 numbers per pixel
 */
export function paintAttribution(values, {minimum, maximum, table}, image, {isDark, isTurned}, target) {
  const channels = image.length / values.length;
  const factor = maximum > minimum ? 256 / (maximum - minimum) : 0;
  for (let pixel = 0; pixel < values.length; pixel++) {
    const entry = Math.max(0, Math.min(255, Math.floor((values[pixel] - minimum) * factor)));
    let light = 0;
    for (let channel = 0; channel < channels; channel++) light += image[pixel * channels + channel];
    // Same polarity as elsewhere: dark pixels darken a light page, bright ones lighten a dark page.
    const share = light / channels;
    const shade = SHADE * (isDark || isTurned ? share : 1 - share);
    for (let part = 0; part < 3; part++) {
      const level = table[4 * entry + part];
      target[4 * pixel + part] = Math.round(isDark ? level + shade * (255 - level) : level * (1 - shade));
    }
    target[4 * pixel + 3] = 255;
  }
}

export function sumOfValues(values) {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index];
  return sum;
}

/**
 * Return side and step of the occlusion patch: about a sixth of the shorter side, moved by half its side.
 * @returns {{size: number, stride: number}}
 */
export function patchFor(height, width) {
  const stride = Math.max(1, Math.round(Math.min(height, width) / 12));
  return {size: 2 * stride, stride};
}
