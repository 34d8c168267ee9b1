import {weightsOfPicture} from "./kernel-tiles.js";

/**
 * What kernels make of a vertical stroke, for a question with three answers. Pure: no DOM.
 *
 * @typedef {import("./kernel-tiles.js").WeightTiles} WeightTiles
 * @typedef {{values: Float32Array, rows: number, columns: number}} Map2D
 */

/** Columns of the stroke, pixels beside it, and other kernels that are considered. */
const [STROKE_WIDTH, AROUND_STROKE, MAX_CONSIDERED] = [2, 3, 200];
/** Rows above the stroke and below it, and the share of the strongest response that counts as strongest too. */
const [STROKE_GAP, NEARLY] = [2, 0.9];

/** @param {WeightTiles} tiles @returns {Map2D} a stroke from top to bottom, with room for the kernel on both sides */
export function strokeImage({rows, columns}) {
  const side = STROKE_WIDTH + 2 * (AROUND_STROKE + Math.max(rows, columns) - 1);
  const first = (side - STROKE_WIDTH) / 2;
  const values = Float32Array.from({length: side * side}, (_, place) => Number(place % side >= first && place % side < first + STROKE_WIDTH));
  for (let place = 0; place < side * STROKE_GAP; place++) values[place] = values[values.length - 1 - place] = 0;
  return {values, rows: side, columns: side};
}

/**
 * Return the cross-correlation of a picture with a kernel, without padding.
 *
 * @param {Map2D} picture
 * @param {ArrayLike<number>} kernel
 * @param {{rows: number, columns: number}} size of the kernel
 * @returns {Map2D}
 */
export function crossCorrelation({values, rows, columns}, kernel, size) {
  const [high, wide] = [rows - size.rows + 1, columns - size.columns + 1];
  const answer = new Float32Array(high * wide);
  for (let place = 0; place < answer.length; place++) {
    const corner = Math.floor(place / wide) * columns + (place % wide);
    for (let weight = 0; weight < kernel.length; weight++) {
      answer[place] += kernel[weight] * values[corner + Math.floor(weight / size.columns) * columns + (weight % size.columns)];
    }
  }
  return {values: answer, rows: high, columns: wide};
}

/**
 * Return the map of one kernel between those of two others, as different as possible from it and from each other.
 *
 * @param {WeightTiles} tiles
 * @param {ArrayLike<number>} kernel of the layer
 * @param {number} output
 * @param {number} channel
 * @returns {{answers: Map2D[], right: number, where: string}} `where`: what the right one shows
 */
export function strokeAnswers(tiles, kernel, output, channel) {
  const picture = strokeImage(tiles);
  const own = weightsOfPicture(tiles, kernel, output, channel);
  const count = tiles.outputs * tiles.stack;
  const step = Math.max(1, Math.floor(count / MAX_CONSIDERED));
  const others = [];
  for (let number = 0; number < count; number += step) {
    const [filter, input] = [Math.floor(number / tiles.stack), number % tiles.stack];
    if (filter !== output || input !== channel) others.push(weightsOfPicture(tiles, kernel, filter, input));
  }
  // A layer with few kernels also gets its own one, negated and mirrored.
  if (others.length < 2) others.push(own.map((weight) => -weight), [...own].reverse());
  const [truth, ...maps] = [own, ...others].map((each) => crossCorrelation(picture, each, tiles));
  const farthest = (from) => maps.reduce((best, map) => {
    const distance = Math.min(...from.map((each) => distanceOf(each.values, map.values)));
    return distance > best.distance ? {map, distance} : best;
  }, {map: maps[0], distance: -1}).map;
  const first = farthest([truth]);
  const answers = [first, farthest([truth, first])];
  const right = (output + channel) % 3;
  answers.splice(right, 0, truth);
  return {answers, right, where: whereStrongest(truth)};
}

/** Return the distance between two maps, each scaled to a largest magnitude of 1. */
function distanceOf(one, other) {
  const [first, second] = [one, other].map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1);
  return one.reduce((sum, value, place) => sum + (value / first - other[place] / second) ** 2, 0);
}

/**
 * Return where the response is strongest relative to the stroke: along it, at its ends, or both.
 *
 * @param {Map2D} answer of a kernel
 */
function whereStrongest({values, rows, columns}) {
  const most = values.reduce((best, value) => Math.max(best, value), 0);
  if (!(most > 1e-6)) return "nowhere does it respond positively";
  // Windows of these rows are between the ends of the stroke, so that they all see the same.
  const [first, last] = [STROKE_GAP, rows - 1 - STROKE_GAP];
  const greatestOf = (from, to) => values.subarray(from * columns, to * columns).reduce((best, value) => Math.max(best, value), 0);
  const along = values.subarray(first * columns, (first + 1) * columns);
  const greatest = greatestOf(first, first + 1);
  const ends = [["top", greatestOf(0, first)], ["bottom", greatestOf(last + 1, rows)]].filter(([, value]) => value >= NEARLY * most).map(([name]) => name);
  if (greatest >= NEARLY * most) return `it responds most ${sideOf(along, greatest)}`;
  const where = ends.length > 1 ? "at both ends of the stroke" : `at the ${ends[0]} end of the stroke`;
  return `it responds most ${where}${greatest >= most / 2 ? `, and also ${sideOf(along, greatest)}` : ""}`;
}

/** Return the side of the stroke on which the responses along it are. */
function sideOf(along, greatest) {
  const [positive, middle] = [along.map((value) => Math.max(0, value)), (along.length - 1) / 2];
  const greatestWhere = (isThere) => positive.reduce((best, value, column) => (isThere(column - middle) ? Math.max(best, value) : best), 0);
  const onIt = greatestWhere((offset) => Math.abs(offset) <= STROKE_WIDTH / 2);
  const beside = Math.min(greatestWhere((offset) => offset < -STROKE_WIDTH / 2), greatestWhere((offset) => offset > STROKE_WIDTH / 2));
  if (onIt < greatest / 2 && beside >= greatest / 2) return "along both sides of the stroke";
  const side = positive.reduce((sum, value, column) => sum + value * (column - middle), 0) / positive.reduce((sum, value) => sum + value, 0);
  return Math.abs(side) <= STROKE_WIDTH / 4 ? "on the stroke" : `along the ${side < 0 ? "left" : "right"} side of the stroke`;
}
