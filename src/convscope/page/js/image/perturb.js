/**
 * Transformations of an image. Pure: no DOM.
 *
 * The order is fixed: geometry (scale, rotation, shift), thickness, noise, occlusion. It follows the physical world: an
 * object has a position, a sensor adds noise. The occluding square is put on the finished image and has no noise.
 *
 * @typedef {typeof NEUTRAL_PERTURBATION} Perturbation
 */

/**
 * No transformation.
 *
 * `shiftRight`, `shiftDown`: pixels, fractions allowed. `rotation`: degrees clockwise. `scale`: factor. `thickness`:
 * pixels of radius, negative thins. `noise`: standard deviation, of 1. `seed`: of the noise. `occlusion`: a square of
 * `size` pixels about (row, column).
 */
export const NEUTRAL_PERTURBATION = {
  shiftRight: 0,
  shiftDown: 0,
  rotation: 0,
  scale: 1,
  thickness: 0,
  noise: 0,
  seed: 1,
  occlusion: {row: 0, column: 0, size: 0, level: 0},
};

/**
 * Return a transformed copy, identical if the perturbation is neutral. Transformed values are clipped to 0..1.
 *
 * @param {ArrayLike<number>} pixels h·w·c in 0..1
 * @param {PictureShape} shape
 * @param {Partial<Perturbation>} [changes] to NEUTRAL_PERTURBATION
 * @returns {Float32Array}
 */
export function perturb(pixels, shape, changes = {}) {
  const settings = {...NEUTRAL_PERTURBATION, ...changes};
  const {height, width, channels} = shape;
  if (pixels.length !== height * width * channels) {
    throw new RangeError(`invalid picture: ${height} × ${width} × ${channels} with ${pixels.length} values`);
  }
  if (!(settings.scale > 0)) throw new RangeError(`invalid scale: ${settings.scale}`);
  let picture = Float32Array.from(pixels);
  if (movesPixels(settings)) picture = warped(picture, shape, settings);
  if (settings.thickness) picture = thickened(picture, shape, settings.thickness);
  if (settings.noise) addNoise(picture, settings);
  if (settings.occlusion.size > 0) occlude(picture, shape, settings.occlusion);
  return picture;
}

function movesPixels({shiftRight, shiftDown, rotation, scale}) {
  return shiftRight !== 0 || shiftDown !== 0 || rotation % 360 !== 0 || scale !== 1;
}

/** @param {Float32Array} picture changed in place, as in all that follow */
function addNoise(picture, {noise, seed}) {
  const next = seededNoise(seed);
  for (let place = 0; place < picture.length; place++) picture[place] = withinUnit(picture[place] + noise * next());
}

/** Set the pixels to 0 whose centres lie in a square of `size` about the centre of pixel (row, column). */
function occlude(picture, {height, width, channels}, {row, column, size, level = 0}) {
  const [top, left] = [row - size / 2, column - size / 2].map((edge) => Math.max(0, Math.ceil(edge)));
  const bottom = Math.min(height, Math.ceil(row + size / 2));
  const right = Math.min(width, Math.ceil(column + size / 2));
  for (let line = top; line < bottom; line++) {
    if (right > left) picture.fill(level, (line * width + left) * channels, (line * width + right) * channels);
  }
}

function withinUnit(value) {
  return Math.min(1, Math.max(0, value));
}

/**
 * Shift, rotation and scaling with a single interpolation. Pure: no DOM.
 *
 * @typedef {{height: number, width: number, channels: number}} PictureShape
 */

/**
 * Scale and rotate about the centre, then shift; bilinear, with zeros outside. Whole-pixel shifts are exact copies.
 *
 * @param {Float32Array} pixels h·w·c
 */
function warped(pixels, {height, width, channels}, {shiftRight, shiftDown, rotation, scale}) {
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

/** Thicker or thinner strokes: maximum or minimum over a disc about each pixel. Pure: no DOM. */

/**
 * @param {Float32Array} pixels h·w·c, bright ink on dark ground
 * @param {number} amount the disc's radius in pixels, negative to thin; between whole radii the two results are mixed
 */
function thickened(pixels, shape, amount) {
  const radius = Math.floor(Math.abs(amount));
  const share = Math.abs(amount) - radius;
  const [brightest, lesser] = [amount > 0, discExtremes(pixels, shape, radius, amount > 0)];
  if (share === 0) return lesser;
  const greater = discExtremes(pixels, shape, radius + 1, brightest);
  return lesser.map((value, place) => (1 - share) * value + share * greater[place]);
}

/** Return the extremes over discs, ignoring what lies outside the image. */
function discExtremes(pixels, {height, width, channels}, radius, brightest) {
  const extremes = Float32Array.from(pixels);
  for (const [down, right] of discOffsets(radius)) {
    const firstColumn = Math.max(0, -right);
    const lastColumn = Math.min(width, width - right);
    for (let row = Math.max(0, -down); row < Math.min(height, height - down); row++) {
      const end = (row * width + lastColumn) * channels;
      const step = (down * width + right) * channels;
      for (let place = (row * width + firstColumn) * channels; place < end; place++) {
        const value = pixels[place + step];
        if (brightest ? value > extremes[place] : value < extremes[place]) extremes[place] = value;
      }
    }
  }
  return extremes;
}

/** @returns {[number, number][]} all places within the radius: 5 for a radius of 1, 13 for 2, 29 for 3 */
function discOffsets(radius) {
  const offsets = [];
  for (let down = -radius; down <= radius; down++) {
    for (let right = -radius; right <= radius; right++) {
      if (down * down + right * right <= radius * radius) offsets.push([down, right]);
    }
  }
  return offsets;
}

/** Random numbers that are the same in every browser for the same seed. Pure: no DOM. */

/**
 * Return uniform numbers in [0, 1): mulberry32 by Tommy Ettinger, public domain.
 *
 * @param {number} seed a whole number
 * @returns {() => number}
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Return approximately normal numbers with mean 0 and standard deviation 1: a sum of four uniform ones.
 *
 * It avoids logarithm and cosine, whose last digits differ between browsers; the price is a maximum of 3.46.
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function seededNoise(seed) {
  const even = seededRandom(seed);
  return () => (even() + even() + even() + even() - 2) * Math.sqrt(3);
}
