import {sampleFeatures} from "../answer/strangeness.js";
import {inputsOfImage} from "../data/images.js";
import {runNetwork} from "../engine/network.js";
import {runInSlices} from "../slices.js";
import {distanceBetween} from "./verdicts.js";

/**
 * The training images of a class that are nearest to an image, as the finished network's last hidden layer has them. For the
 * mistakes Python has looked through all training images; for any other image the page looks through its own sample.
 *
 * @typedef {import("../live.js").OpenImage} OpenImage
 * @typedef {{row: number, distance: number | null}} Neighbour `row` in the reference images
 * @typedef {{searched: number | null, layer: string | null, groups: {label: number, neighbours: Neighbour[]}[]}} Neighbourhood
 *   `searched`: images looked through, null for all training images
 */

const NEAREST_SHOWN = 3;

/**
 * @param {import("../live.js").Live} live
 * @returns {(open: OpenImage, labels: number[], isWanted: () => boolean) => Promise<Neighbourhood | undefined>}
 *   undefined where it was given up, or there is nothing to compare with
 */
export function keepNeighbours(live) {
  const {reference} = live.images;
  const {evidence} = live.payload;
  const layer = evidence?.novelty?.layer ?? null;
  let features = null;

  async function featuresOfSample(network) {
    features ??= runInSlices(sampleFeatures(network, reference, layer));
    return features;
  }

  return async (open, labels, isWanted) => {
    if (!reference) return undefined;
    const network = layer ? await live.networkAt(0) : null;
    const canRun = network && !network.unknown.length;
    const own = canRun ? featureOf(network, layer, open.pixels) : null;
    const featureOfReference = (row) => featureOf(network, layer, inputsOfImage(reference, row));
    const known = knownNeighbours(live, open);
    const groups = [];
    for (const label of labels) {
      const rows = known?.[label] ?? null;
      if (!rows && !own) continue; // the network cannot be run
      const sample = rows ? null : await featuresOfSample(network);
      if (!isWanted()) return undefined;
      const neighbours = rows
        ? rows.map((row) => ({row, distance: own && distanceBetween(own, featureOfReference(row))}))
        : nearestInSample(own, sample, reference, {label, except: open.source === "train" ? open.row : null});
      groups.push({label, neighbours});
    }
    return {searched: known && labels.every((label) => known[label]) ? null : reference.sample, layer: own && layer, groups};
  };
}

/** What the payload says of an image that nothing was done to, by class; null where it says nothing. */
function knownNeighbours({payload, images}, open) {
  if (open.source !== "test" || open.pixels !== open.original) return null;
  const nearest = payload.evidence.nearest[open.index];
  return nearest ? {[open.label]: nearest.true, [images.test.predictions[open.row]]: nearest.predicted} : null;
}

/** @returns {Float32Array} a layer's activations for an image */
function featureOf(network, layer, pixels) {
  return Float32Array.from(runNetwork(network, pixels).activations[layer].data);
}

/** @returns {Neighbour[]} the nearest first */
function nearestInSample(own, {features, size, count}, reference, {label, except}) {
  const rows = Array.from({length: count}, (_, row) => row).filter((row) => reference.labels[row] === label && row !== except);
  return rows
    .map((row) => ({row, distance: distanceBetween(own, features.subarray(row * size, (row + 1) * size))}))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEAREST_SHOWN);
}
