/**
 * Colour to grey, as `data/grey.py` does it: ITU-R 601 luma with Pillow's integers; what is transparent is white.
 * Pure: knows no document.
 *
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

/**
 * @param {number} level
 * @param {number} opacity both 0..255
 */
function overWhite(level, opacity) {
  return opacity === 255 ? level : Math.floor((level * opacity + 255 * (255 - opacity) + 127) / 255);
}
