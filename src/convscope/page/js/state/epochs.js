import {runInSlices} from "../dom/scheduling.js";
import {runNetwork} from "../network/network.js";

/**
 * Epoch snapshots with their test results, and what their networks predict for an image. No DOM.
 * @typedef {object} Frame
 * @property {number} epoch from 1
 * @property {boolean} isLast whether it is the finished network
 * @property {number} state as the page's state names it: 0 for the end
 * @property {number | null} accuracy on the test images; null where the page does not know
 * @property {number[][] | null} confusion of the test images: rows true, columns predicted
 */

/** @param {object} payload @returns {Frame[]} in their order; none where the page holds no weights */
export function epochFrames({weights, evidence, metrics}) {
  const epochs = weights?.epochs ?? [];
  return epochs.map(({epoch}, place) => {
    if (place === epochs.length - 1) {
      return {epoch, isLast: true, state: 0, accuracy: metrics.test.accuracy, confusion: metrics.test.confusion};
    }
    const measured = evidence?.epoch_snapshots?.epochs.indexOf(epoch) ?? -1;
    return {
      epoch,
      isLast: false,
      state: epoch,
      accuracy: measured < 0 ? null : evidence.epoch_snapshots.accuracy[measured],
      confusion: (measured >= 0 && evidence.epoch_snapshots.confusion?.[measured]) || null,
    };
  });
}

/**
 * @param {number} epoch as the state has it: 0, and what is not among the frames, stands for the end
 * @returns {number} the place of its frame
 */
export function frameAt(frames, epoch) {
  const place = frames.findIndex((frame) => frame.epoch === epoch);
  return place < 0 ? frames.length - 1 : place;
}

/** Return the epoch as the state writes it: 0 for the last, and for one whose weights the page does not hold. */
export function settledEpoch(frames, epoch) {
  return frames[frameAt(frames, epoch)]?.state ?? 0;
}

/** Return the note of a view that shows an earlier epoch; "" for the last one. @param {number} epoch as the state has it */
export function afterText(frames, epoch) {
  const frame = frames[frameAt(frames, epoch)];
  return !frame || frame.isLast ? "" : `as after epoch ${frame.epoch} of ${frames[frames.length - 1].epoch}`;
}

/** One per page, since all of its networks are kept. */
const KEPT_RUNNERS = new WeakMap();

/**
 * Return a function for the class probabilities of an image at each epoch.
 *
 * The networks are cached: the page has a memory budget for all of them together.
 * @returns {(pixels: Float32Array, isWanted: () => boolean) => Promise<Float32Array[] | undefined>} all classes' probabilities,
 *   frame by frame; undefined where it was given up, or the network cannot be run
 */
export function epochProbabilities(session) {
  if (!KEPT_RUNNERS.has(session)) KEPT_RUNNERS.set(session, networksRunner(session));
  return KEPT_RUNNERS.get(session);
}

function networksRunner({frames, networkAt}) {
  const networks = [];
  return async (pixels, isWanted) => {
    for (const [place, {state}] of frames.entries()) networks[place] ??= await networkAt(state);
    const canRun = networks.length && networks.every((network) => network && !network.unknown.length);
    return canRun && isWanted() ? runInSlices(runEach(networks, pixels), isWanted) : undefined;
  };
}

function* runEach(networks, pixels) {
  const course = [];
  for (const network of networks) {
    course.push(Float32Array.from(runNetwork(network, pixels).probabilities));
    yield course.length;
  }
  return course;
}
