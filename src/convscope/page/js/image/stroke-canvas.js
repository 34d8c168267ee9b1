/**
 * The drawing: strokes of a round brush, bright on black with soft edges. A new segment redraws only its neighbourhood.
 * Pure: no DOM.
 *
 * Points are in pixels of the drawing pad, x to the right and y down; the centre of the first pixel is (0.5, 0.5).
 * @typedef {{x: number, y: number}} Point
 * @typedef {{radius: number, points: Point[]}} Stroke
 * @typedef {import("./preprocess/pixel-statistics.js").InkBox} InkBox both ends included
 * @typedef {{height: number, width: number, pixels: Uint8Array, strokes: Stroke[], under: Uint8Array | null}} Ink `under`: a
 *   picture that was put on the pad, below the strokes
 */

/** @param {number} height @param {number} width @returns {Ink} an empty pad */
export function makeInk(height, width) {
  return {height, width, pixels: new Uint8Array(height * width), strokes: [], under: null};
}

/**
 * Start a stroke with a dot.
 * @param {Ink} ink changed
 * @returns {InkBox | null} where pixels may have changed; null where that is off the pad
 */
export function beginStroke(ink, point, radius) {
  ink.strokes.push({radius, points: [point]});
  return drawSegment(ink, point, point, radius);
}

/** Extend the last stroke to a point. @param {Ink} ink changed @returns {InkBox | null} where pixels may have changed */
export function extendStroke(ink, point) {
  const stroke = ink.strokes[ink.strokes.length - 1];
  if (!stroke) throw new RangeError("no stroke has been begun");
  const before = stroke.points[stroke.points.length - 1];
  stroke.points.push(point);
  return drawSegment(ink, before, point, stroke.radius);
}

/** @param {Ink} ink changed */
export function clearInk(ink) {
  ink.strokes = [];
  ink.under = null;
  redraw(ink);
}

/** Draw strokes on an empty pad, from a link or a test. @param {Ink} ink changed @param {Stroke[]} strokes */
export function setStrokes(ink, strokes) {
  ink.strokes = strokes.map(({radius, points}) => ({radius, points: [...points]}));
  ink.under = null;
  redraw(ink);
}

/**
 * Put an image of the dataset on an empty pad, enlarged by a whole factor with hard pixels.
 *
 * Preprocessed with PAD_SETTINGS, an MNIST digit is recovered exactly.
 * @param {Ink} ink changed
 * @param {import("./preprocess/resample.js").GreyPicture} picture bright ink on black, no larger than the pad
 */
export function fromPixels(ink, {height, width, pixels}) {
  const times = Math.floor(Math.min(ink.height / height, ink.width / width));
  if (!(times >= 1)) throw new RangeError(`invalid picture: ${height} × ${width} on a pad of ${ink.height} × ${ink.width}`);
  const [top, left] = [Math.floor((ink.height - times * height) / 2), Math.floor((ink.width - times * width) / 2)];
  ink.strokes = [];
  ink.under = new Uint8Array(ink.pixels.length);
  for (let row = 0; row < times * height; row++) {
    for (let column = 0; column < times * width; column++) {
      const from = Math.floor(row / times) * width + Math.floor(column / times);
      ink.under[(top + row) * ink.width + left + column] = pixels[from];
    }
  }
  redraw(ink);
}

function redraw(ink) {
  if (ink.under) ink.pixels.set(ink.under);
  else ink.pixels.fill(0);
  for (const {radius, points} of ink.strokes) {
    points.forEach((point, place) => drawSegment(ink, points[Math.max(0, place - 1)], point, radius));
  }
}

/**
 * Raise each pixel to the brush's coverage by distance to the segment: full within the radius minus half a pixel, none
 * beyond the radius plus half a pixel.
 *
 * The maximum counts, so that the segments of a stroke join without a seam.
 */
function drawSegment({height, width, pixels}, start, end, radius) {
  const reach = radius + 0.5;
  const top = Math.max(0, Math.floor(Math.min(start.y, end.y) - reach));
  const left = Math.max(0, Math.floor(Math.min(start.x, end.x) - reach));
  const bottom = Math.min(height - 1, Math.floor(Math.max(start.y, end.y) + reach));
  const right = Math.min(width - 1, Math.floor(Math.max(start.x, end.x) + reach));
  if (top > bottom || left > right) return null;
  const [along, down] = [end.x - start.x, end.y - start.y];
  const length = along * along + down * down;
  const [far, near] = [reach ** 2, radius > 0.5 ? (radius - 0.5) ** 2 : -1];
  for (let row = top; row <= bottom; row++) {
    const y = row + 0.5 - start.y;
    for (let column = left; column <= right; column++) {
      const x = column + 0.5 - start.x;
      const share = length ? Math.min(1, Math.max(0, (x * along + y * down) / length)) : 0;
      const distance = (x - share * along) ** 2 + (y - share * down) ** 2;
      if (distance >= far) continue;
      const cover = distance <= near ? 1 : Math.min(1, reach - Math.sqrt(distance));
      const level = Math.floor(255 * cover + 0.5);
      const place = row * width + column;
      if (level > pixels[place]) pixels[place] = level;
    }
  }
  return {top, left, bottom, right};
}
