import {paintPicture} from "../../dom/picture.js";
import {blockMeans} from "../../image/preprocess/binarize.js";

/** Pixels; the pad has 280, on a dense screen twice as many. */
const MAX_SHOWN_SIDE = 300;

/** Paint the open image before preprocessing: a drawing or photo as it is, an image of the dataset with hard pixels. */
export function paintOpenImage(canvas, session, input) {
  const context = canvas.getContext("2d");
  const {open} = session;
  if (open.source === "drawing" && input.ink.height === canvas.height) {
    context.putImageData(greyImage(context, input.ink, true), 0, 0);
    return;
  }
  const photo = open.source === "picture" && input.photo ? thumbnailOf(input.photo) : null;
  const picture = photo ?? session.shape;
  const small = document.createElement("canvas");
  [small.width, small.height] = [picture.width, picture.height];
  const smallContext = small.getContext("2d");
  if (photo) smallContext.putImageData(greyImage(smallContext, photo, false), 0, 0);
  else paintPicture(small, picture, open.pixels, session.isInk && open.source !== "picture", 1);
  const share = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const [shownWidth, shownHeight] = [picture.width * share, picture.height * share];
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = photo !== null || share < 1;
  context.drawImage(small, (canvas.width - shownWidth) / 2, (canvas.height - shownHeight) / 2, shownWidth, shownHeight);
}

/** Thumbnails of large images, cached because each move of a slider repaints them. @type {WeakMap<object, object>} */
const THUMBNAILS = new WeakMap();

/**
 * Return an image with no side much longer than 600 pixels.
 * @returns {{height: number, width: number, pixels: ArrayLike<number>}}
 */
export function thumbnailOf(picture) {
  const factor = Math.floor(Math.max(picture.height, picture.width) / MAX_SHOWN_SIDE);
  if (factor <= 1) return picture;
  if (!THUMBNAILS.has(picture)) {
    const {height, width, levels} = blockMeans({...picture, levels: picture.pixels}, factor);
    THUMBNAILS.set(picture, {height, width, pixels: levels});
  }
  return THUMBNAILS.get(picture);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{height: number, width: number, pixels: ArrayLike<number>}} picture
 * @param {boolean} asInk black, and as opaque as it is bright
 */
export function greyImage(context, {height, width, pixels}, asInk) {
  const image = context.createImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (let place = 0; place < pixels.length; place++) {
    words[place] = asInk ? pixels[place] << 24 : 0xff000000 | (pixels[place] * 0x010101);
  }
  return image;
}
