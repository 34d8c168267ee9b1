import {MAX_DOCUMENT_SIDE, blockMeans, hasFlatBackground, inkAbove, absorbedLight} from "./binarize.js";
import {labelComponents, maskOfPieces} from "./connected-components.js";
import {groupPieces, isCutOff} from "./grouping.js";
import {joinParts} from "./joining.js";
import {DIGIT_SETTINGS, prepareDigit} from "./mnist-style.js";
import {MAX_DEPTH, findPanels} from "./panels.js";
import {dilated, inkBox, inkMoments, borderMedian, extremeLevels, relevelled} from "./pixel-statistics.js";

/**
 * Detection of the digit in an image: of several, the one with the most ink. As in `data/digits/detect.py`. Pure: no DOM.
 * @typedef {import("./resample.js").GreyPicture} GreyPicture
 * @typedef {import("./pixel-statistics.js").InkBox} InkBox
 * @typedef {{box: InkBox | null, count: number, isCleared: boolean, area: number}} Found `box`: where its ink is in the picture; `count`: how
 *   many digits there are; `isCleared`: whether the background was cleared away first
 */

/** A photo, or an image with several digits, is at least this many times as large as the network's input per side, … */
const MIN_TIMES = 2;
/** … and has at least so many pixels. */
const MIN_SIDE = 56;
/** More components than this are paper grain. */
const MAX_DIGITS = 100;
const THRESHOLDS = 3;
/** Cells from the middle of the window that strokes are closed in to its edge: for sheets, … */
const REACH = 6;
/** … and for a digit that fills the picture, whose strokes are wider. */
const WIDE_REACH = 12;
/** Pixels around a digit's ink, for its soft edge. */
const INK_MARGIN = 4;
/** A digit of the dataset's form: pixels that are always fine, share of the side off centre, longer side in the box, peak. */
const FORM_SLACK = 2;
const OFF_CENTRE = 14;
const SMALLEST = 0.7;
const LARGEST = 1.2;
const MIN_PEAK = 128;

/**
 * @param {GreyPicture} picture of any size
 * @param {Partial<typeof DIGIT_SETTINGS>} [changes] to DIGIT_SETTINGS
 * @param {((pixels: Uint8Array) => Float32Array) | null} [logitsOf] a network for the ten digits; with it, parts of one digit are joined
 * @param {number} [depth] of panels around it
 * @returns {ReturnType<typeof prepareDigit> & {found: Found}}
 */
export function detectDigit(picture, changes = {}, logitsOf = null, depth = 0) {
  const settings = {...DIGIT_SETTINGS, ...changes};
  const least = Math.max(MIN_SIDE, MIN_TIMES * Math.max(settings.height, settings.width));
  if (Math.min(picture.height, picture.width) < least) return wholePicture(picture, settings);
  const isFlat = hasFlatBackground(picture);
  const {inkMask, components, groups: found} = isFlat ? onFlatBackground(picture, settings) : onDocument(picture);
  const inside = isFlat && insidePanels(picture, inkMask.factor, components, settings, logitsOf, depth);
  if (inside) return inside;
  if (isFlat && found.length <= 1) return wholePicture(picture, settings);
  if (!found.length) return nothingIn(picture, settings, true);
  const prepare = (group) => prepareDigit(inkOf(inkMask, components, group), {...settings, polarity: "keep", ground: false});
  const groups = logitsOf && found.length <= MAX_DIGITS ? joinParts(found, (group) => reading(logitsOf(prepare(group).pixels))) : found;
  const group = groups.reduce((best, each) => (each.area > best.area ? each : best));
  const prepared = prepare(group);
  const {factor, isCleared} = inkMask;
  const box = {
    top: group.box.top * factor,
    left: group.box.left * factor,
    bottom: (group.box.bottom + 1) * factor - 1,
    right: (group.box.right + 1) * factor - 1,
  };
  return {...prepared, found: {box, count: groups.length, isCleared, area: group.area}};
}

/** Return the most probable class and the logarithm of its probability. @returns {[number, number]} */
function reading(logits) {
  const label = logits.indexOf(Math.max(...logits));
  return [label, -Math.log(logits.reduce((sum, each) => sum + Math.exp(each - logits[label]), 0))];
}

function nothingIn(picture, settings, isCleared) {
  const blank = {...picture, pixels: new Uint8Array(picture.pixels.length)};
  return {...prepareDigit(blank, settings), found: {box: null, count: 1, isCleared, area: 0}};
}

/** Return the largest digit inside panels, or nothing inside an empty one; null where the page itself is to be read. */
function insidePanels(picture, factor, components, settings, logitsOf, depth) {
  const panels = depth < MAX_DEPTH ? findPanels(components, Math.ceil(MIN_SIDE / factor)) : [];
  let [best, total] = [null, 0];
  for (const {box: panel} of panels) {
    const [top, left] = [panel.top * factor, panel.left * factor];
    const [height, width] = [(panel.bottom + 1) * factor - top, (panel.right + 1) * factor - left];
    const part = {height, width, pixels: new Uint8Array(height * width)};
    for (let row = 0; row < height; row++) {
      const start = (top + row) * picture.width + left;
      part.pixels.set(picture.pixels.subarray(start, start + width), row * width);
    }
    const digit = detectDigit(part, settings, logitsOf, depth + 1);
    const {box, area, count} = digit.found;
    if (!box) continue;
    total += count;
    const moved = {top: box.top + top, left: box.left + left, bottom: box.bottom + top, right: box.right + left};
    const own = area || height * width;
    if (!best || own > best.found.area) best = {...digit, found: {...digit.found, box: moved, area: own}};
  }
  if (best) return {...best, found: {...best.found, count: total}};
  return panels.some(({isFilled}) => isFilled) ? nothingIn(picture, settings, false) : null;
}

/** Return whether an image of the network's size has the form of the dataset's digits, as in `data/digits/polarity.py`. */
export function hasTrainingForm(picture, changes = {}) {
  const {height, width, groundShare, leastContrast, boxShare, centre, fit} = {...DIGIT_SETTINGS, ...changes};
  if (picture.height !== height || picture.width !== width) return false;
  const {peak} = extremeLevels(picture.pixels);
  if (borderMedian(picture) > leastContrast || peak < MIN_PEAK) return false;
  const cut = Math.max(Math.floor(peak * groundShare), leastContrast);
  const ink = relevelled(picture, (level) => (level > cut ? level : 0));
  const box = inkBox(ink);
  const [total, ...moments] = inkMoments(ink);
  const centres = centre ? moments.map((moment) => moment / total) : [(box.top + box.bottom) / 2, (box.left + box.right) / 2];
  const isCentral = [height, width].every((side, axis) =>
    Math.abs(centres[axis] - (centre ? Math.floor(side / 2) : (side - 1) / 2)) <= Math.max(FORM_SLACK, side / OFF_CENTRE));
  if (!fit || !isCentral) return isCentral;
  const longest = Math.max(box.bottom - box.top, box.right - box.left) + 1;
  const wanted = Math.floor(Math.max(height, width) * boxShare + 0.5);
  return Math.abs(longest - wanted) <= FORM_SLACK || (longest >= SMALLEST * wanted && longest <= LARGEST * wanted);
}

function wholePicture(picture, settings) {
  const prepared = prepareDigit(picture, settings);
  return {...prepared, found: {box: prepared.steps.crop.box, count: 1, isCleared: false, area: 0}};
}

/** Detect ink on a flat background, as prepareDigit does. */
function onFlatBackground({height, width, pixels}, settings) {
  const factor = Math.ceil(Math.max(height, width) / MAX_DOCUMENT_SIDE);
  const means = blockMeans({height, width, levels: pixels}, factor);
  const smaller = {height: means.height, width: means.width, pixels: Uint8Array.from(means.levels)};
  const {picture: ink, cut} = prepareDigit(smaller, settings).steps.ground;
  const components = labelComponents({...ink, pixels: ink.pixels.map((level) => (level > cut ? 1 : 0))});
  return {inkMask: {ink, factor, isCleared: false}, components, groups: groupPieces(components, false)};
}

/** Detect ink and digits in a photo. A digit that fills half of the image has wide strokes and needs a second pass. */
function onDocument(picture) {
  const sheet = withReach(picture, REACH);
  const longest = Math.max(0, ...sheet.groups.map(({box}) => Math.max(box.bottom - box.top, box.right - box.left) + 1));
  const {height, width} = sheet.components;
  return 2 * longest > Math.max(height, width) ? withReach(picture, WIDE_REACH) : sheet;
}

/** Return the ink at the threshold that puts most of it in digits; a low one keeps ruled lines or grain. */
function withReach(picture, reach) {
  const absorbed = absorbedLight(picture, reach);
  let [best, most, above, last] = [null, -1, -1, null];
  for (let attempt = 0; attempt < THRESHOLDS; attempt++) {
    const inkMask = inkAbove(absorbed, above);
    const components = labelComponents(inkMask.strong);
    const groups = groupPieces(components, true);
    if (groups.length && groups.length <= MAX_DIGITS) {
      const whole = groups.reduce((sum, {area, box}) => sum + (isCutOff(box, components) ? 0 : area), 0);
      if (whole > most) [best, most] = [{inkMask, components, groups}, whole];
      const [cutOff, total] = inkAreas(components);
      if (2 * cutOff <= total) break;
    }
    above = inkMask.threshold;
    last = {inkMask, components, groups: []};
  }
  return best ?? last;
}

/** Return the areas of the ink that is cut off at the edge and of all ink. */
function inkAreas(components) {
  let [cutOff, total] = [0, 0];
  components.areas.forEach((area, piece) => {
    total += area;
    if (isCutOff(components.boxes[piece], components)) cutOff += area;
  });
  return [cutOff, total];
}

/** Return the ink of one digit, with a margin. */
function inkOf({ink}, components, {pieces, box}) {
  let mask = maskOfPieces(components, pieces);
  for (let step = 0; step <= Math.floor(Math.max(mask.height, mask.width) / 512); step++) mask = dilated(mask);
  const [top, left] = [Math.max(0, box.top - INK_MARGIN), Math.max(0, box.left - INK_MARGIN)];
  const [bottom, right] = [
    Math.min(ink.height - 1, box.bottom + INK_MARGIN),
    Math.min(ink.width - 1, box.right + INK_MARGIN),
  ];
  const [height, width] = [bottom - top + 1, right - left + 1];
  const pixels = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const place = (top + row) * ink.width + left + column;
      if (mask.pixels[place]) pixels[row * width + column] = ink.pixels[place];
    }
  }
  return {height, width, pixels};
}
