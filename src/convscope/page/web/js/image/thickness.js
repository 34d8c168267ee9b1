/**
 * Strokes made thicker or thinner: the brightest, or the darkest, of a disc about each pixel. Pure: knows no document.
 */

/**
 * @param {Float32Array} pixels h·w·c, bright ink on dark ground
 * @param {import("./warp.js").PictureShape} shape
 * @param {number} amount the disc's radius in pixels, negative to thin; between whole radii the two results are mixed
 * @returns {Float32Array}
 */
export function thickened(pixels, shape, amount) {
  const radius = Math.floor(Math.abs(amount));
  const share = Math.abs(amount) - radius;
  const [brightest, lesser] = [amount > 0, discExtremes(pixels, shape, radius, amount > 0)];
  if (share === 0) return lesser;
  const greater = discExtremes(pixels, shape, radius + 1, brightest);
  return lesser.map((value, place) => (1 - share) * value + share * greater[place]);
}

/** What lies outside the picture does not count. */
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
