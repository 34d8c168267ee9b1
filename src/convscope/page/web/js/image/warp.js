/**
 * A picture moved, turned and scaled in one go, so that it is interpolated once only. Pure: knows no document.
 *
 * @typedef {{height: number, width: number, channels: number}} PictureShape
 * @typedef {{shiftRight: number, shiftDown: number, rotation: number, scale: number}} Placement pixels (fractions allowed),
 *   degrees clockwise, times
 */

/**
 * Scaled and turned about its middle, then moved; bilinear; black comes in from outside. Whole-pixel shifts copy exactly.
 *
 * @param {Float32Array} pixels h·w·c
 * @param {PictureShape} shape
 * @param {Placement} placement
 * @returns {Float32Array}
 */
export function warped(pixels, {height, width, channels}, {shiftRight, shiftDown, rotation, scale}) {
  const target = new Float32Array(pixels.length);
  const angle = (rotation * Math.PI) / 180;
  const [along, across] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  for (let row = 0, place = 0; row < height; row++) {
    const down = row - middleRow - shiftDown;
    for (let column = 0; column < width; column++, place += channels) {
      const right = column - middleColumn - shiftRight;
      const fromRow = middleRow + along * down - across * right;
      const fromColumn = middleColumn + along * right + across * down;
      addInterpolated(fromRow, fromColumn, place);
    }
  }
  return target;

  function addInterpolated(fromRow, fromColumn, place) {
    const [top, left] = [Math.floor(fromRow), Math.floor(fromColumn)];
    const [below, beside] = [fromRow - top, fromColumn - left];
    addPixel(top, left, (1 - below) * (1 - beside), place);
    addPixel(top, left + 1, (1 - below) * beside, place);
    addPixel(top + 1, left, below * (1 - beside), place);
    addPixel(top + 1, left + 1, below * beside, place);
  }

  function addPixel(row, column, weight, place) {
    if (weight === 0 || row < 0 || column < 0 || row >= height || column >= width) return;
    const from = (row * width + column) * channels;
    for (let channel = 0; channel < channels; channel++) target[place + channel] += weight * pixels[from + channel];
  }
}
