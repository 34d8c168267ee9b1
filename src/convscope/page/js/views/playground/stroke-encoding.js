import {extendStroke, makeInk} from "../../image/stroke-canvas.js";

/**
 * Strokes as text for the hash: `test-7~` and the strokes on test image 7, joined by dots. Pure: no DOM.
 *
 * A stroke is its brush and its points, each relative to the one before, in base 64. Strokes that would make a link
 * too long are simplified.
 * @typedef {import("../../image/stroke-canvas.js").Stroke} Stroke with whole-number points
 */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const MAX_POINTS = 20000;
/** Characters; the rest of the 2,000 of a link is for what else is open, and where. */
const MAX_TEXT = 1700;

/** @param {Stroke[]} strokes @param {string} [base] the name of the image below */
export function formatInk(strokes, base = "") {
  let text = strokes.map(strokeText).join(".");
  if (text.length > MAX_TEXT) {
    const simplify = makeSimplifier(strokes);
    for (let tolerance = 0.75; text.length > MAX_TEXT; tolerance *= 1.25) text = simplify(tolerance).map(strokeText).join(".");
  }
  return base ? `${base}~${text}` : text;
}

/** @param {string} text any text @returns {{base: string, strokes: Stroke[]}} what is not understood is left out */
export function parseInk(text) {
  const end = text.indexOf("~");
  const strokes = text.slice(end + 1).split(".").map(strokeFrom).filter(Boolean);
  return {base: end < 0 ? "" : text.slice(0, end), strokes};
}

function strokeText({radius, points}) {
  let [text, before] = [unsignedText(Math.round(2 * radius)), {x: 0, y: 0}];
  for (const point of points) {
    text += signedText(point.x - before.x) + signedText(point.y - before.y);
    before = point;
  }
  return text;
}

function strokeFrom(text) {
  const numbers = numbersOf(text);
  if (!numbers || numbers.length < 3 || numbers.length % 2 === 0 || numbers.length > 2 * MAX_POINTS) return null;
  const radius = numbers[0] / 2;
  let [x, y] = [0, 0];
  const points = [];
  for (let place = 1; place < numbers.length; place += 2) {
    x += unzigzag(numbers[place]);
    y += unzigzag(numbers[place + 1]);
    points.push({x, y});
  }
  return radius > 0 && radius <= 200 ? {radius, points} : null;
}

/** Encode five bits per digit; the sixth says that more follow. */
function unsignedText(number) {
  let text = "";
  for (let rest = number; ; rest = Math.floor(rest / 32)) {
    if (rest < 32) return text + DIGITS[rest];
    text += DIGITS[32 + (rest % 32)];
  }
}

function signedText(number) {
  return unsignedText(number < 0 ? -2 * number - 1 : 2 * number);
}

function unzigzag(number) {
  return number % 2 ? -(number + 1) / 2 : number / 2;
}

function numbersOf(text) {
  const numbers = [];
  let [number, unit] = [0, 1];
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0 || unit > 32 ** 3) return null;
    number += (digit % 32) * unit;
    unit *= 32;
    if (digit >= 32) continue;
    numbers.push(number);
    [number, unit] = [0, 1];
  }
  return unit === 1 ? numbers : null;
}

/** Pixels of the side of the largest drawing pad, and how many of them are one where ink is counted. */
const [SIDE, COARSE] = [280, 4];

/**
 * Return a function that leaves out points that the line between others passes by, and strokes that later ones cover. Pure: no
 * DOM.
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

/** The algorithm of Ramer, Douglas and Peucker. */
function simplifyLine(points, tolerance) {
  const [start, end] = [points[0], points.at(-1)];
  const distances = points.map((point) => distanceTo(point, start, end));
  const farthest = distances.reduce((best, distance, place) => (distance > distances[best] ? place : best), 0);
  if (distances[farthest] <= tolerance) return points.length > 1 ? [start, end] : [start];
  const [first, second] = [points.slice(0, farthest + 1), points.slice(farthest)];
  return [...simplifyLine(first, tolerance), ...simplifyLine(second, tolerance).slice(1)];
}

/** Return the distance of a point from a segment. */
function distanceTo({x, y}, start, end) {
  const [along, down] = [end.x - start.x, end.y - start.y];
  const length = along ** 2 + down ** 2;
  const share = length ? Math.min(1, Math.max(0, ((x - start.x) * along + (y - start.y) * down) / length)) : 0;
  return Math.hypot(x - start.x - share * along, y - start.y - share * down);
}
