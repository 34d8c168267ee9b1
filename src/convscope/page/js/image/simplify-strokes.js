import {extendStroke, makeInk} from "./stroke-canvas.js";

/**
 * @typedef {import("./stroke-canvas.js").Stroke} Stroke
 * @typedef {import("./stroke-canvas.js").Point} Point
 */

/** Pixels of the side of the largest drawing pad, and how many of them are one where ink is counted. */
const [SIDE, COARSE] = [280, 4];

/**
 * Return a function that leaves out points that the line between others passes by, and strokes that later ones cover. Pure: no
 * DOM.
 *
 * @param {Stroke[]} strokes
 * @returns {(tolerance: number) => Stroke[]} tolerance: how many pixels a line may be off, and the side of a square of ink
 *   that may be lost
 */
export function makeSimplifier(strokes) {
  const ink = makeInk(SIDE / COARSE, SIDE / COARSE);
  let before = 0;
  const gains = [...strokes].reverse().map(({radius, points}) => {
    const coarse = points.map(({x, y}) => ({x: x / COARSE, y: y / COARSE}));
    ink.strokes = [{radius: radius / COARSE, points: [coarse[0]]}];
    for (const point of coarse) extendStroke(ink, point);
    let sum = -before;
    for (const level of ink.pixels) sum += level;
    before += sum;
    return (sum / 255) * COARSE ** 2;
  }).reverse();
  return (tolerance) => strokes
    .filter((_, place) => gains[place] > tolerance ** 2)
    .map(({radius, points}) => ({radius, points: simplifyLine(points, tolerance)}));
}

/** The algorithm of Ramer, Douglas and Peucker. @param {Point[]} points @returns {Point[]} */
function simplifyLine(points, tolerance) {
  const [start, end] = [points[0], points.at(-1)];
  const distances = points.map((point) => distanceTo(point, start, end));
  const farthest = distances.reduce((best, distance, place) => (distance > distances[best] ? place : best), 0);
  if (distances[farthest] <= tolerance) return points.length > 1 ? [start, end] : [start];
  const [first, second] = [points.slice(0, farthest + 1), points.slice(farthest)];
  return [...simplifyLine(first, tolerance), ...simplifyLine(second, tolerance).slice(1)];
}

/** @param {Point} point @param {Point} start of a segment @param {Point} end */
function distanceTo({x, y}, start, end) {
  const [along, down] = [end.x - start.x, end.y - start.y];
  const length = along ** 2 + down ** 2;
  const share = length ? Math.min(1, Math.max(0, ((x - start.x) * along + (y - start.y) * down) / length)) : 0;
  return Math.hypot(x - start.x - share * along, y - start.y - share * down);
}
