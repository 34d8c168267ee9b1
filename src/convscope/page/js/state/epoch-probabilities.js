import {runInSlices} from "../dom/scheduling.js";
import {runNetwork} from "../network/network.js";

/** One per page, since all of its networks are kept. */
const KEPT_RUNNERS = new WeakMap();

/**
 * Return a function for the class probabilities of an image at each epoch.
 *
 * The networks are cached: the page has a memory budget for all of them together.
 *
 * @param {import("./epochs.js").Frame[]} frames
 * @returns {(pixels: Float32Array, isWanted: () => boolean) => Promise<Float32Array[] | undefined>} all classes' probabilities,
 *   frame by frame; undefined where it was given up, or the network cannot be run
 */
export function epochProbabilities(session, frames) {
  if (!KEPT_RUNNERS.has(session)) KEPT_RUNNERS.set(session, networksRunner(session, frames));
  return KEPT_RUNNERS.get(session);
}

function networksRunner(session, frames) {
  const networks = frames.map((frame) => ({epoch: frame.isLast ? 0 : frame.epoch, network: null}));
  return async (pixels, isWanted) => {
    for (const each of networks) each.network ??= await session.networkAt(each.epoch);
    const canRun = networks.length && networks.every(({network}) => network && !network.unknown.length);
    return canRun && isWanted() ? runInSlices(runEach(networks, pixels), isWanted) : undefined;
  };
}

/** @returns {Generator<number, Float32Array[]>} */
function* runEach(networks, pixels) {
  const course = [];
  for (const {epoch, network} of networks) {
    course.push(Float32Array.from(runNetwork(network, pixels).probabilities));
    yield epoch;
  }
  return course;
}
