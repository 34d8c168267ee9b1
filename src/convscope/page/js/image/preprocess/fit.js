import {borderMedian, extremeLevels, relevelled, toGrey} from "./pixel-statistics.js";
import {axisShares, weightedLevels} from "./resample.js";

/**
 * Preprocessing for anything but digits: the middle of the image, resized. As in `data/preprocessing.py`, bit for bit. Pure: no
 * DOM.
 */

const DARK_ON_LIGHT = "dark on light";

/**
 * @param {import("./resample.js").Pixels} picture opaque, of any size
 * @param {number[]} shape [height, width, channels]
 * @param {string | null} [polarity] of a grey set: a picture of the other kind is turned round
 * @returns {Uint8Array} height · width · channels levels; channels beyond the third are 255
 */
export function fitMiddle(picture, [height, width, channels], polarity = null) {
  const levels = new Uint8Array(height * width * channels).fill(255);
  const cut = middleOf(picture, height / width);
  const isItsSize = picture.height === height && picture.width === width;
  const [given, step] = channels === 1 ? [toGrey(picture).pixels, 1] : [picture.data, 4];
  for (let channel = 0; channel < Math.min(3, channels); channel++) {
    const plane = planeWithin({width: picture.width, levels: given, step, channel}, cut);
    const isTurned = channels === 1 && polarity && !isItsSize && hasOtherPolarity(plane, polarity);
    const resized = resizedLevels(isTurned ? relevelled(plane, (level) => 255 - level) : plane, {height, width});
    for (let place = 0; place < resized.length; place++) levels[place * channels + channel] = resized[place];
  }
  return levels;
}

/** Return whether an image has the opposite polarity, paper for a blackboard; a flat image has none. */
function hasOtherPolarity(picture, polarity) {
  const {darkest, peak} = extremeLevels(picture.pixels);
  const isBrightAround = 2 * borderMedian(picture) > darkest + peak;
  return darkest !== peak && isBrightAround !== (polarity === DARK_ON_LIGHT);
}

/** Return the largest central part with the given ratio of height to width, to a pixel. */
function middleOf({height, width}, aspect) {
  const cut = {
    height: Math.min(height, Math.max(1, roundedToEven(width * aspect))),
    width: Math.min(width, Math.max(1, roundedToEven(height / aspect))),
  };
  return {...cut, top: Math.floor((height - cut.height) / 2), left: Math.floor((width - cut.width) / 2)};
}

/** Round halves to even, as Python does. */
function roundedToEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function planeWithin({width, levels, step, channel}, cut) {
  const pixels = new Uint8Array(cut.height * cut.width);
  for (let row = 0, place = 0; row < cut.height; row++) {
    let from = step * ((cut.top + row) * width + cut.left) + channel;
    for (let column = 0; column < cut.width; column++, from += step) pixels[place++] = levels[from];
  }
  return {height: cut.height, width: cut.width, pixels};
}

/** Resize by area means when shrinking, bilinearly when enlarging; halves round up. */
function resizedLevels(picture, size) {
  const [rows, columns] = ["height", "width"].map((side) => {
    const shares = axisShares(picture[side], size[side], {box: size[side], length: picture[side]});
    return shares.map((share) => ({...share, sum: share.weights.reduce((sum, weight) => sum + weight, 0)}));
  });
  return weightedLevels(picture, rows, columns, (down, across) => down.sum * across.sum);
}
