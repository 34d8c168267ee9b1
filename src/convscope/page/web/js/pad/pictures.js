import {shrinkFactor, shrunkOnWhite} from "../image/shrinking.js";
import {nextSlice} from "../slices.js";

/**
 * Pictures from the reader's machine, decoded by the browser itself: nothing leaves the page, and its policy would not let it.
 */

/** Of the picture, that are read at a time: a tenth of a second of a slow phone. */
const PIXELS_AT_A_TIME = 2 ** 20;

/**
 * The pixels of the file, upright, without its colour profile; laid on white, and made smaller as `convscope predict` does it.
 *
 * @typedef {import("../image/shrinking.js").Pixels} Pixels
 *
 * @param {Document} page
 * @param {Blob} file
 * @returns {Promise<Pixels>} rejected where the browser cannot read it
 */
export async function openPicture(page, file) {
  const bitmap = await createImageBitmap(file, {imageOrientation: "from-image", colorSpaceConversion: "none"});
  const {height, width} = bitmap;
  const factor = shrinkFactor(bitmap);
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const data = new Uint8ClampedArray(4 * rows * columns);
  const most = factor * Math.max(1, Math.floor(PIXELS_AT_A_TIME / (width * factor)));
  const context = contextOf(page, width, Math.min(most, height));
  for (let top = 0; top < height; top += most) {
    if (top) await nextSlice();
    const count = Math.min(most, height - top);
    context.clearRect(0, 0, width, count);
    context.drawImage(bitmap, 0, -top);
    const strip = context.getImageData(0, 0, width, count);
    data.set(shrunkOnWhite(strip, factor).data, 4 * columns * (top / factor));
  }
  bitmap.close();
  return {height: rows, width: columns, data};
}

/** A canvas in the machine's own memory, from which pixels come back as they went in. */
function contextOf(page, width, height) {
  const canvas = page.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas.getContext("2d", {willReadFrequently: true});
}
