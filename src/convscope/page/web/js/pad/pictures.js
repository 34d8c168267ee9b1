import {toGrey} from "../image/grey.js";

/**
 * Pictures from the reader's machine, decoded by the browser itself: nothing leaves the page, and its policy would not let it.
 */

/** Photos are shrunk to this before anything is measured on them: the network sees far less. */
const LONGEST_SIDE = 560;

/**
 * @typedef {import("../image/resample.js").GreyPicture} GreyPicture
 *
 * @param {Document} page
 * @param {Blob} file
 * @returns {Promise<GreyPicture>}
 */
export async function greyPictureFrom(page, file) {
  const bitmap = await createImageBitmap(file);
  const share = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const size = [bitmap.height, bitmap.width].map((side) => Math.max(1, Math.round(side * share)));
  return toGrey(drawnPixels(page, bitmap, size, {left: 0, top: 0, width: bitmap.width, height: bitmap.height}));
}

/**
 * The middle of a picture at the network's own size.
 *
 * @param {Document} page
 * @param {Blob} file
 * @param {number[]} shape [height, width, channels]
 * @returns {Promise<Float32Array>} in 0..1
 */
export async function inputsFromPicture(page, file, [height, width, channels]) {
  const bitmap = await createImageBitmap(file);
  const share = Math.min(bitmap.width / width, bitmap.height / height);
  const [cutWidth, cutHeight] = [width * share, height * share];
  const cut = {left: (bitmap.width - cutWidth) / 2, top: (bitmap.height - cutHeight) / 2, width: cutWidth, height: cutHeight};
  const pixels = drawnPixels(page, bitmap, [height, width], cut);
  if (channels === 1) return Float32Array.from(toGrey(pixels).pixels, (level) => level / 255);
  const inputs = new Float32Array(height * width * channels).fill(1); // a fourth channel is opacity: all there
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < Math.min(3, channels); channel++) {
      inputs[pixel * channels + channel] = pixels.data[4 * pixel + channel] / 255;
    }
  }
  return inputs;
}

/** The part `cut` of the bitmap, at that size. */
function drawnPixels(page, bitmap, [height, width], cut) {
  const canvas = page.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", {willReadFrequently: true});
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, cut.left, cut.top, cut.width, cut.height, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
