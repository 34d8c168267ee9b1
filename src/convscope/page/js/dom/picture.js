import {newElement} from "./element.js";

/**
 * Pictures of images, enlarged by whole factors without smoothing.
 *
 * Images with bright strokes on black, as in MNIST, are drawn as ink on the page's background; all others unchanged.
 * @typedef {{height: number, width: number, channels: number}} PictureShape
 */

/** Largest border level (of 255) that counts as empty. */
const DARK_BORDER = 10;
/** Number of images examined to decide. */
const LOOKED_AT = 200;

/**
 * Return whether grey images are bright strokes on black, judged by their borders as in `figures/mosaic.py`.
 * @param {PictureShape & {count: number, pixels: Uint8Array}} images
 */
export function areInk({count, height, width, channels, pixels}) {
  if (channels >= 3 || !count) return false;
  let [dark, all] = [0, 0];
  for (let row = 0; row < Math.min(count, LOOKED_AT) * height; row++) {
    const isEdge = row % height === 0 || row % height === height - 1;
    for (let column = 0; column < width; column += isEdge ? 1 : Math.max(1, width - 1)) {
      for (let channel = 0; channel < channels; channel++) {
        all++;
        if (pixels[(row * width + column) * channels + channel] <= DARK_BORDER) dark++;
      }
    }
  }
  return 2 * dark >= all;
}

/**
 * @param {number} side about how many pixels of the page it may take
 * @returns {HTMLCanvasElement} for `paintPicture`; it says nothing, so that what is beside it must
 */
export function newPicture({height, width}, side, isInk = false) {
  const longest = Math.max(height, width);
  const scale = longest > side * 1.4 ? side / longest : Math.max(1, Math.round(side / longest));
  const canvas = newElement("canvas", {class: isInk ? "picture inked" : "picture", width, height, "aria-hidden": "true"});
  setSize(canvas, width * scale, height * scale);
  return canvas;
}

/** Set the size by script, because the page's policy forbids style attributes. */
export function setSize(element, width, height) {
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}

/** @param {PictureShape} shape @param {ArrayLike<number>} levels of one image, 0..`white` */
export function paintPicture(canvas, {height, width, channels}, levels, isInk, white = 255) {
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const factor = 255 / white;
  for (let pixel = 0; pixel < height * width; pixel++) {
    const from = pixel * channels;
    if (channels >= 3) {
      for (let channel = 0; channel < 3; channel++) picture.data[4 * pixel + channel] = factor * levels[from + channel];
      picture.data[4 * pixel + 3] = 255;
      continue;
    }
    const grey = factor * (channels === 1 ? levels[from] : (levels[from] + levels[from + 1]) / 2);
    if (!isInk) picture.data.fill(grey, 4 * pixel, 4 * pixel + 3);
    picture.data[4 * pixel + 3] = isInk ? grey : 255;
  }
  context.putImageData(picture, 0, 0);
}

/** Paint one image of a set. @param {PictureShape & {pixels: Uint8Array}} images */
export function paintRow(canvas, images, row, isInk) {
  const size = images.height * images.width * images.channels;
  paintPicture(canvas, images, images.pixels.subarray(row * size, (row + 1) * size), isInk);
}

/** Paint the input of the network as the page shows images of this set. */
export function paintInputs(canvas, {shape, isInk}, inputs) {
  paintPicture(canvas, shape, inputs, isInk, 1);
}
