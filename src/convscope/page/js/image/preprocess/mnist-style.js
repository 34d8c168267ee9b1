import {borderMedian, dilated, extremeLevels, inkBox, inkMoments, relevelled} from "./pixel-statistics.js";
import {fitInto, fittingScale} from "./resample.js";

/**
 * MNIST's preprocessing for any grey image: polarity, background, crop, fit, contrast, centre. As in `data/digits/mnist_style.py`, bit
 * for bit. Pure: no DOM.
 * @typedef {import("./resample.js").GreyPicture} GreyPicture
 * @typedef {{border: number, inverted: boolean, picture: GreyPicture}} PolarityStep
 * @typedef {{level: number, peak: number, cut: number, picture: GreyPicture}} GroundStep
 * @typedef {{box: import("./pixel-statistics.js").InkBox | null, picture: GreyPicture}} CropStep
 * @typedef {{scale: number, height: number, width: number, thickened: boolean, picture: GreyPicture}} FitStep
 * @typedef {{peak: number, picture: GreyPicture}} ContrastStep
 * @typedef {{mass: [number, number] | null, shift: [number, number], limited: boolean, picture: GreyPicture}} CentreStep
 * @typedef {typeof DIGIT_SETTINGS} DigitSettings
 */

/** Every step on; `polarity` is "auto", "keep" or "invert". */
export const DIGIT_SETTINGS = {
  height: 28,
  width: 28,
  polarity: "auto",
  ground: true,
  crop: true,
  fit: true,
  contrast: true,
  centre: true,
  boxShare: 20 / 28,
  groundShare: 0.2,
  leastContrast: 16,
};

/** For a drawing: bright ink on an exact 0, even if the ink covers the border. */
export const PAD_SETTINGS = {...DIGIT_SETTINGS, polarity: "keep", ground: false};

/** MNIST's own maxima are 254 or 255; from here on contrast is not stretched. */
const FULL_INK = 254;
/** Strokes are thin below 1 / 14 of the longer side, and are thickened at up to 4 times the resolution of the result. */
const THIN = 14;
const DETAIL = 4;

/**
 * Return the network input, all 0 where `empty`, and every intermediate step. A step without effect passes its input on.
 * @param {GreyPicture} picture of any size
 * @param {Partial<DigitSettings>} [changes] to DIGIT_SETTINGS
 * @returns {{height: number, width: number, pixels: Uint8Array, empty: boolean, steps: {polarity: PolarityStep,
 *   ground: GroundStep, crop: CropStep, fit: FitStep, contrast: ContrastStep, centre: CentreStep}}}
 */
export function prepareDigit(picture, changes = {}) {
  const settings = {...DIGIT_SETTINGS, ...changes};
  const size = picture.height * picture.width;
  if (!(size > 0) || picture.pixels.length !== size) {
    throw new RangeError(`invalid picture: ${picture.height} × ${picture.width} with ${picture.pixels.length} pixels`);
  }
  const polarity = resolvePolarity(picture, settings);
  const ground = removeBackground(polarity, settings);
  const crop = cropToInk(ground.picture, settings);
  const fit = fitIntoBox(crop.picture, settings);
  const contrast = stretchContrast(fit.picture, settings);
  const centre = centreMass(contrast.picture, settings);
  const empty = !centre.picture.pixels.some(Boolean);
  return {...centre.picture, empty, steps: {polarity, ground, crop, fit, contrast, centre}};
}

function resolvePolarity(picture, {polarity}) {
  const border = borderMedian(picture);
  const {darkest, peak} = extremeLevels(picture.pixels);
  const inverted = polarity === "auto" ? 2 * border > darkest + peak : polarity === "invert";
  return {border, inverted, picture: inverted ? relevelled(picture, (level) => 255 - level) : picture};
}

function removeBackground({border, inverted, picture}, {ground, groundShare, leastContrast}) {
  const {darkest, peak} = extremeLevels(picture.pixels);
  if (!ground) return {level: 0, peak, cut: 0, picture};
  let level = inverted ? 255 - border : border;
  if (2 * level > darkest + peak) level = darkest; // the polarity was told, and the border is mostly ink
  const contrast = peak - level;
  if (contrast < leastContrast) return {level, peak, cut: contrast, picture: relevelled(picture, () => 0)};
  const cut = Math.floor(contrast * groundShare);
  const ink = relevelled(picture, (each) => Math.max(0, each - level));
  return {level, peak, cut, picture: {...ink, pixels: withoutFaint(ink, cut)}};
}

/** Return the pixels above `cut` and their neighbours, which are the soft edge. */
function withoutFaint({height, width, pixels}, cut) {
  const kept = new Uint8Array(pixels.length);
  for (let row = 0, place = 0; row < height; row++) {
    for (let column = 0; column < width; column++, place++) {
      const level = pixels[place];
      if (level > cut || (level > 0 && touchesInk(row, column))) kept[place] = level;
    }
  }
  return kept;

  function touchesInk(row, column) {
    const [left, right] = [Math.max(0, column - 1), Math.min(width - 1, column + 1)];
    for (let near = Math.max(0, row - 1); near <= Math.min(height - 1, row + 1); near++) {
      for (let place = near * width + left; place <= near * width + right; place++) if (pixels[place] > cut) return true;
    }
    return false;
  }
}

function cropToInk(picture, {crop}) {
  const box = inkBox(picture);
  if (!box || !crop) return {box, picture};
  const [height, width] = [box.bottom - box.top + 1, box.right - box.left + 1];
  const pixels = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const start = (box.top + row) * picture.width + box.left;
    pixels.set(picture.pixels.subarray(start, start + width), row * width);
  }
  return {box, picture: {height, width, pixels}};
}

function fitIntoBox(picture, {height, width, fit, boxShare}) {
  const share = fit ? boxShare : 1;
  const box = {
    height: Math.max(1, Math.floor(height * share + 0.5)),
    width: Math.max(1, Math.floor(width * share + 0.5)),
  };
  const scale = fittingScale(picture, box);
  const [down, across] = [picture.height, picture.width].map((side) => (side * scale.box) / scale.length);
  const thick = fit ? thickenStrokes(picture, box) : null;
  return {scale: scale.box / scale.length, height: down, width: across, thickened: !!thick, picture: fitInto(thick ?? picture, box)};
}

/** Return an image at least twice as large as the box, reduced and with strokes thickened; null if they are not thin. */
function thickenStrokes(picture, box) {
  const [height, width] = [DETAIL * box.height, DETAIL * box.width];
  if (Math.max(picture.height, picture.width) < 2 * Math.max(box.height, box.width)) return null;
  const isLarger = picture.height > height || picture.width > width;
  const image = isLarger ? cropToInk(fitInto(picture, {height, width}), {crop: true}).picture : picture;
  const {peak} = extremeLevels(image.pixels);
  const isInk = (row, column) => column >= 0 && column < image.width && 2 * image.pixels[row * image.width + column] > peak;
  let [area, edges] = [0, 0];
  for (let row = 0; row < image.height; row++) {
    for (let column = 0; column < image.width; column++) {
      if (!isInk(row, column)) continue;
      area++;
      edges += !isInk(row - 1, column) + !isInk(row + 1, column) + !isInk(row, column - 1) + !isInk(row, column + 1);
    }
  }
  const rounds = Math.floor((Math.max(image.height, image.width) / THIN - (8 * area) / (Math.PI * edges)) / 2 + 0.5);
  if (!(rounds >= 1)) return null;
  let thick = placedAt(image, [rounds, rounds], {height: image.height + 2 * rounds, width: image.width + 2 * rounds});
  for (let round = 0; round < rounds; round++) thick = dilated(thick);
  return thick;
}

function stretchContrast(picture, {contrast}) {
  const {peak} = extremeLevels(picture.pixels);
  if (!contrast || peak === 0 || peak >= FULL_INK) return {peak, picture};
  return {peak, picture: relevelled(picture, (level) => Math.floor((510 * level + peak) / (2 * peak)))};
}

function centreMass(picture, {height, width, centre}) {
  const middle = [Math.floor((height - picture.height) / 2), Math.floor((width - picture.width) / 2)];
  const box = inkBox(picture);
  let [places, mass, limited] = [middle, null, false];
  if (box) {
    const [total, ...moments] = inkMoments(picture);
    mass = moments.map((moment) => moment / total);
    if (centre) {
      const wanted = [height, width].map((side, axis) => {
        const target = Math.floor(side / 2); // halves go up and left, as three of MNIST's digits show
        return 0 - Math.floor((total + 2 * moments[axis] - 2 * target * total) / (2 * total));
      });
      places = [
        Math.min(Math.max(wanted[0], -box.top), height - 1 - box.bottom),
        Math.min(Math.max(wanted[1], -box.left), width - 1 - box.right),
      ];
      limited = places.some((place, axis) => place !== wanted[axis]);
    }
  }
  const shift = places.map((place, axis) => place - middle[axis]);
  return {mass, shift, limited, picture: placedAt(picture, places, {height, width})};
}

/** Put the image into a frame of zeros; what lies outside has no ink and is dropped. */
function placedAt(picture, [top, left], {height, width}) {
  const pixels = new Uint8Array(height * width);
  for (let row = Math.max(0, -top); row < Math.min(picture.height, height - top); row++) {
    for (let column = Math.max(0, -left); column < Math.min(picture.width, width - left); column++) {
      pixels[(row + top) * width + column + left] = picture.pixels[row * picture.width + column];
    }
  }
  return {height, width, pixels};
}
