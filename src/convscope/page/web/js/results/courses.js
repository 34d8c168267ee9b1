import {runNetwork} from "../engine/network.js";
import {runInSlices} from "../slices.js";

/**
 * How probable each class was for an image after each epoch of the film, worked out with the weights of that epoch. Their
 * networks are kept: the page has a budget for all of them together.
 *
 * @param {import("../live.js").Live} live
 * @param {import("../film/frames.js").Frame[]} frames
 * @returns {(pixels: Float32Array, isWanted: () => boolean) => Promise<Float32Array[] | undefined>} all classes' probabilities,
 *   frame by frame; undefined where it was given up, or the network cannot be run
 */
export function keepCourses(live, frames) {
  const networks = frames.map((frame) => ({epoch: frame.isLast ? 0 : frame.epoch, network: null}));
  return async (pixels, isWanted) => {
    for (const each of networks) each.network ??= await live.networkAt(each.epoch);
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
