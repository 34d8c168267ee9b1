import {dropPerPixel, overChannels, patchFor, sumOfValues} from "./maps.js";
import {runInSlices} from "../dom/scheduling.js";
import {gradientTimesInput, integratedGradients} from "../network/gradient.js";
import {runNetwork} from "../network/network.js";
import {coverPatch, occlusionMaps} from "../network/occlusion.js";
import {largestOf} from "../network/temperature.js";

/**
 * Attribution maps for one or more classes, computed in slices of time by three methods. No DOM.
 *
 * @typedef {object} ClassEvidence of one class, in one way
 * @property {number} target the class
 * @property {Float32Array} values one per pixel
 * @property {object} found numbers for the way's sentence (`methods.js`)
 */

/** Milliseconds without a change before the two slow methods start, so that they do not run during a stroke. */
const ATTRIBUTION_DELAY = 200;

/**
 * Compute the attributions and report each method's result as soon as it is ready. Stops when the result is no longer
 * wanted.
 *
 * @param {import("../network/network.js").Network} network which can be run
 * @param {Float32Array} image
 * @param {number[]} targets the classes, which share the runs
 * @param {object} options
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
