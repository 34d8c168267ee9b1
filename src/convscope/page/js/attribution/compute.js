import {formatProbability, formatDecimals} from "../dom/format.js";
import {runInSlices} from "../dom/scheduling.js";
import {formatNumber} from "../image/color/range.js";
import {gradientTimesInput, integratedGradients} from "../network/gradient.js";
import {runNetwork} from "../network/network.js";
import {coverPatch, occlusionMaps} from "../network/occlusion.js";
import {boxInWords} from "../network/receptive-field.js";
import {largestOf} from "../network/softmax.js";
import {dropPerPixel, overChannels, patchFor, sumOfValues} from "./maps.js";

/**
 * Attribution maps for one or more classes, computed in slices of time by three methods. No DOM.
 * @typedef {object} ClassEvidence of one class, in one way
 * @property {number} target the class
 * @property {Float32Array} values one per pixel
 * @property {object} found numbers for the method's sentence
 */

/** Milliseconds without a change before the two slow methods start, so that they do not run during a stroke. */
const ATTRIBUTION_DELAY = 200;

/**
 * Compute the attributions and report each method's result as soon as it is ready. Stops when the result is no longer
 * wanted.
 * @param {import("../network/network.js").Network} network which can be run
 * @param {number[]} targets the classes, which share the runs
 * @param {() => boolean} options.isWanted
 * @param {(way: string, found: ClassEvidence[]) => void | Promise<void>} options.show
 * @returns {Promise<boolean>} whether all was shown
 */
export async function computeAttribution(network, image, targets, {isWanted, show}) {
  const channels = network.inputShape[2];
  const run = runNetwork(network, image);
  const {logits} = run;
  const told = (maps, tell) => maps.map((values, place) => {
    const target = targets[place];
    return {target, values, found: tell(values, target, place)};
  });

  const gradients = targets.map((target) => overChannels(gradientTimesInput(network, image, run, target), channels));
  await show("gradient", told(gradients, (values, target) => ({sum: sumOfValues(values), logit: logits[target]})));
  await new Promise((resolve) => setTimeout(resolve, ATTRIBUTION_DELAY));
  if (!isWanted()) return false;

  const integrated = await runInSlices(integratedGradients(network, image, targets), isWanted);
  if (!integrated || !isWanted()) return false;
  const zeros = runNetwork(network, new Float32Array(image.length)).logits;
  await show("integrated", told(integrated.map((values) => overChannels(values, channels)), (values, target) => (
    {sum: sumOfValues(values), logit: logits[target], zerosLogit: zeros[target]}
  )));

  const patch = patchFor(...network.inputShape);
  const maps = await runInSlices(occlusionMaps(network, image, targets, patch), isWanted);
  if (!maps || !isWanted()) return false;
  await show("occlusion", told(maps.map((map) => dropPerPixel(map, patch.stride, network.inputShape)), (_, target, place) => (
    strongestPatch(network, image, maps[place], patch, target)
  )));
  return true;
}

/** Occlude the patch with the largest decrease again, to get the probability without it. */
function strongestPatch(network, image, {columns, drop}, {size, stride}, target) {
  const worst = largestOf(drop);
  const lead = Math.floor((stride - size) / 2);
  const [height, width] = network.inputShape;
  const [row, column] = [Math.floor(worst / columns) * stride + lead, (worst % columns) * stride + lead];
  const covered = Float32Array.from(image);
  coverPatch(covered, network.inputShape, row, column, size);
  const probabilityOf = (pixels) => runNetwork(network, pixels).probabilities[target];
  const [bottom, right] = [Math.min(height, row + size) - 1, Math.min(width, column + size) - 1];
  const box = {top: Math.max(0, row), left: Math.max(0, column), bottom, right};
  return {size, box, drop: drop[worst], before: probabilityOf(image), after: probabilityOf(covered)};
}

/**
 * The three attribution methods: title, explanation and one sentence about the result.
 * @typedef {{way: string, title: string, asked: string, words: string, tell: (found: any) => string,
 *   short: (found: any) => string}} EvidenceWay `short`: what stands under a small map
 */

/** @type {EvidenceWay[]} */
export const ATTRIBUTION_METHODS = [
  {
    way: "gradient",
    title: "Gradient × input",
    asked: "gradient",
    words:
      "The gradient of the logit with respect to each pixel, times the pixel. It describes small changes only, not the " +
      "removal of a pixel. Gradients vanish where the output is saturated.",
    short: ({sum}) => `sum ${formatNumber(sum)}`,
    tell: ({sum, logit}) => `Sum: ${formatDecimals(sum, 2)}. Logit: ${formatDecimals(logit, 2)}.`,
  },
  {
    way: "integrated",
    title: "Integrated gradients",
    asked: "gradient",
    words:
      "Gradient × input, averaged along the straight path from an image of zeros to this one. The values add up to the " +
      "difference between the two logits, but for what the steps along the path leave out. The path passes through unrealistic images.",
    short: ({sum}) => `sum ${formatNumber(sum)}`,
    tell: ({sum, logit, zerosLogit}) => {
      const [here, zeros, more] = [logit, zerosLogit, logit - zerosLogit].map((number) => formatDecimals(number, 2));
      return `Sum: ${formatDecimals(sum, 2)}. The logit is ${here} for this image and ${zeros} for zeros; the difference is ${more}.`;
    },
  },
  {
    way: "occlusion",
    title: "Occlusion",
    asked: "occlusion",
    words:
      "The decrease of the logit when a square of the image is set to 0. This is an experiment, not an approximation, but a " +
      "coarse one, and the blank patch is itself out of distribution.",
    short: ({drop}) => (drop > 0 ? `decrease of up to ${formatNumber(drop)}` : "no decrease"),
    tell: ({drop, size, box, before, after}) => {
      if (!(drop > 0)) return "No square lowers the logit when set to 0.";
      const square = `the square of ${size} × ${size} at ${boxInWords(box)}`;
      return `At most ${formatDecimals(drop, 2)}, for ${square}: the probability changes from ${formatProbability(before)} to ${formatProbability(after)}.`;
    },
  },
];
