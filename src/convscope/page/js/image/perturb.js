/**
 * Transformations of an image. Pure: no DOM.
 *
 * The order is fixed: geometry (scale, rotation, shift), thickness, noise, occlusion. It follows the physical world: an
 * object has a position, a sensor adds noise. The occluding square is put on the finished image and has no noise.
 */

/**
 * No transformation.
 *
 * `right`, `down`, `cover`, `row`, `column`: pixels of the image, fractions allowed; `thick`: pixels of radius, negative thins;
 * `turn`: degrees clockwise; `scale`: factor; `noise`: standard deviation, of 1; `seed`: of the noise. `cover` is the side of a
 * square centred on the image and moved by `row` and `column`.
 * @typedef {typeof NO_CHANGE} Change
 */
export const NO_CHANGE = Object.freeze({
  right: 0, down: 0, turn: 0, scale: 1, thick: 0, noise: 0, seed: 1, cover: 0, row: 0, column: 0,
});

/** Level of the covering square. */
const COVER_LEVEL = 0.5;

/**
 * Return a transformed copy, identical if nothing changes. Transformed values are clipped to 0..1.
 * @param {ArrayLike<number>} pixels h·w·c in 0..1
 * @param {Partial<Change>} [changes] to NO_CHANGE
 */
export function perturb(pixels, shape, changes = {}) {
  const settings = {...NO_CHANGE, ...changes};
  const {height, width, channels} = shape;
  if (pixels.length !== height * width * channels) {
    throw new RangeError(`invalid picture: ${height} × ${width} × ${channels} with ${pixels.length} values`);
  }
  if (!(settings.scale > 0)) throw new RangeError(`invalid scale: ${settings.scale}`);
  let picture = Float32Array.from(pixels);
  const {right, down, turn, scale} = settings;
  if (right || down || turn % 360 || scale !== 1) picture = warped(picture, shape, settings);
  if (settings.thick) picture = thickened(picture, shape, settings.thick);
  if (settings.noise) addNoise(picture, settings);
  if (settings.cover > 0) occlude(picture, shape, settings);
  return picture;
}

/** @param {Float32Array} picture changed in place, as in all that follow */
function addNoise(picture, {noise, seed}) {
  const next = seededNoise(seed);
  for (let place = 0; place < picture.length; place++) picture[place] = withinUnit(picture[place] + noise * next());
}

/** Cover the pixels whose centres lie in the square. */
function occlude(picture, {height, width, channels}, {cover, row, column}) {
  const [middleRow, middleColumn] = [(height - 1) / 2 + row, (width - 1) / 2 + column];
  const [top, left] = [middleRow - cover / 2, middleColumn - cover / 2].map((edge) => Math.max(0, Math.ceil(edge)));
  const bottom = Math.min(height, Math.ceil(middleRow + cover / 2));
  const right = Math.min(width, Math.ceil(middleColumn + cover / 2));
  for (let line = top; line < bottom; line++) {
    if (right > left) picture.fill(COVER_LEVEL, (line * width + left) * channels, (line * width + right) * channels);
  }
}

function withinUnit(value) {
  return Math.min(1, Math.max(0, value));
}

/**
 * Scale and rotate about the centre, then shift; bilinear, with zeros outside. Whole-pixel shifts are exact copies.
 * @param {Float32Array} pixels h·w·c
 */
function warped(pixels, {height, width, channels}, {right: rightward, down: downward, turn, scale}) {
  const target = new Float32Array(pixels.length);
  const angle = (turn * Math.PI) / 180;
  const [along, across] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  for (let row = 0, place = 0; row < height; row++) {
    const down = row - middleRow - downward;
    for (let column = 0; column < width; column++, place += channels) {
      const right = column - middleColumn - rightward;
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

/**
 * Thicken or thin strokes: maximum or minimum over a disc about each pixel.
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

/**
 * Return uniform numbers in [0, 1), the same in every browser: mulberry32 by Tommy Ettinger, public domain.
 * @param {number} seed a whole number
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
 */
export function seededNoise(seed) {
  const even = seededRandom(seed);
  return () => (even() + even() + even() + even() - 2) * Math.sqrt(3);
}
