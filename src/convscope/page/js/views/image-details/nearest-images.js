import {inputsOfImage} from "../../data/images.js";
import {newGlossaryButton, newElement, quotedName} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {newPicture, paintRow} from "../../dom/picture.js";
import {runInSlices} from "../../dom/scheduling.js";
import {makeWorkspace, runNetwork} from "../../network/network.js";
import {distanceBetween} from "../../state/ood-score.js";

/** The nearest training images of two classes, each a button that opens it. */

const NEIGHBOUR_SIDE = 56;

/**
 * @param {Neighbourhood} neighbourhood
 * @returns {HTMLElement}
 */
export function newNeighbourView(session, {searched, layer, groups}) {
  const {names} = session;
  const trained = trainingImages(session.payload);
  const rows = groups.map(({label, neighbours}) => {
    const pictures = neighbours.map((each) => newNeighbour(session, each));
    const head = newElement("p", {title: names[label]}, "of ", ...quotedName(names[label]));
    const none = newElement("p", {class: "quiet"}, "none in this file");
    const list = pictures.length ? newElement("ul", {}, ...pictures) : none;
    return newElement("div", {class: "neighbours"}, head, list);
  });
  const share = searched === null ? "all" : `${formatWhole(searched)} of the`;
  const from = `${share} ${formatWhole(trained)} training images`;
  const where = layer ? [", by their distance in ", {name: layer}, newGlossaryButton("distance")] : [];
  return newElement(
    "details", {class: "details-part", name: "case-part", "data-part": "neighbours"}, newElement("summary", {}, "Nearest training images"), ...rows,
    newElement("p", {class: "reading"}, ...neighbourVoteText(groups, names), `Among ${from}`, ...where, "."),
  );
}

/** Return the number of training images searched for neighbours. */
function trainingImages({metrics, run}) {
  const {train, validation} = metrics.data;
  return run.config.validation === "test" ? train : train + validation;
}

/** Return which class the image is closer to. */
function neighbourVoteText(groups, names) {
  const [first, second] = groups
    .map(({label, neighbours}) => ({label, distance: neighbours[0]?.distance ?? null}))
    .sort((a, b) => a.distance - b.distance);
  if (!second || first.distance === null || second.distance === null) return [];
  return [
    "It is closer to ", ...quotedName(names[first.label]), ` (${distanceText(first.distance)}) than to `,
    ...quotedName(names[second.label]), ` (${distanceText(second.distance)}). `,
  ];
}

function newNeighbour({names, isInk, images: {reference}, openImage}, {row, distance}) {
  const picture = newPicture(reference, NEIGHBOUR_SIDE, isInk);
  paintRow(picture, reference, row, isInk);
  const index = reference.indices[row];
  const far = distance === null ? "" : `, distance ${distanceText(distance)}`;
  const button = newElement(
    "button", {
      type: "button", class: "neighbour", "data-name": `train-${index}`, "data-row": row, title: `Training image ${index}`,
      "aria-label": `Training image ${index}, ${names[reference.labels[row]]}${far}`, click: () => openImage(`train-${index}`),
    },
    newElement("span", {class: "tile-image"}, picture),
    newElement("span", {"aria-hidden": "true"}, distance === null ? `#${index}` : distanceText(distance)),
  );
  return newElement("li", {}, button);
}

/** Return a distance with three digits, so that a column can be compared. */
function distanceText(distance) {
  return distance < 1000 ? distance.toPrecision(3) : formatWhole(distance);
}

/**
 * Nearest training images by the features of the last hidden layer, with the final weights.
 *
 * For the embedded errors Python searched all training images; for any other image the page searches its own sample.
 * @typedef {import("../../state/session.js").OpenImage} OpenImage
 * @typedef {{row: number, distance: number | null}} Neighbour `row` in the reference images
 * @typedef {{searched: number | null, layer: string | null, groups: {label: number, neighbours: Neighbour[]}[]}} Neighbourhood
 *   `searched`: images looked through, null for all training images
 */

const NEIGHBOURS_SHOWN = 3;

/**
 * @returns {(open: OpenImage, labels: number[], isWanted: () => boolean) => Promise<Neighbourhood | undefined>}
 *   undefined where it was given up, or there is nothing to compare with
 */
export function cacheNeighbours(session) {
  const {reference} = session.images;
  const {evidence, network: {layers}} = session.payload;
  const layer = evidence && (layers[layers.length - 2]?.name ?? null);
  let features = null;

  async function featuresOfSample(network) {
    features ??= runInSlices(sampleFeatures(network, reference, layer));
    return features;
  }

  return async (open, labels, isWanted) => {
    if (!reference) return undefined;
    const network = layer ? await session.networkAt(0) : null;
    const canRun = network && !network.unknown.length;
    const own = canRun ? featureOf(network, layer, open.pixels) : null;
    const featureOfReference = (row) => featureOf(network, layer, inputsOfImage(reference, row));
    const known = knownNeighbours(session, open);
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

/** Return the payload's neighbours of an untransformed image by class, or null. */
function knownNeighbours({payload, images}, open) {
  if (open.source !== "test" || open.pixels !== open.original) return null;
  const nearest = payload.evidence.nearest_neighbours[open.index];
  return nearest ? {[open.label]: nearest.true, [images.test.predictions[open.row]]: nearest.predicted} : null;
}

/** @returns {Float32Array} a layer's activations for an image */
function featureOf(network, layer, pixels) {
  return Float32Array.from(runNetwork(network, pixels).activations[layer].data);
}

/** Yield after every image; return the features of the images drawn at random. */
function* sampleFeatures(network, reference, layer) {
  const [workspace, features] = [makeWorkspace(network), []];
  for (let row = 0; row < reference.sample; row++) {
    features.push(Float32Array.from(runNetwork(network, inputsOfImage(reference, row), workspace).activations[layer].data));
    yield row;
  }
  return features;
}

/** @returns {Neighbour[]} the nearest first */
function nearestInSample(own, features, reference, {label, except}) {
  const rows = [...features.keys()].filter((row) => reference.labels[row] === label && row !== except);
  return rows
    .map((row) => ({row, distance: distanceBetween(own, features[row])}))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEIGHBOURS_SHOWN);
}
