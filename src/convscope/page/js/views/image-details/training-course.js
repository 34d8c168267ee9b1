import {probabilityAxis} from "../../dom/chart/axis.js";
import {makeLineChart} from "../../dom/chart/line-chart.js";
import {newElement, quotedName, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {runInSlices} from "../../dom/scheduling.js";
import {runNetwork} from "../../network/network.js";
import {frameAt, stateEpoch} from "../../state/epochs.js";
import {predictionsByEpochSentence, largestOf} from "./predictions-by-epoch.js";

/** Probabilities of two classes for an image after each epoch, computed with that epoch's weights. */

const SIZE_OF_COURSE = {width: 336, height: 148};

/**
 * @param {object} course
 * @param {import("../../state/epochs.js").Frame[]} course.frames
 * @param {Float32Array[]} course.probabilities of all classes, for each frame
 * @param {number} course.called
 * @param {number} course.rival
 * @param {number | null} course.label
 * @param {string[]} course.names
 * @param {number} course.epoch as the state has it
 * @param {(epoch: number) => void} course.pick
 * @returns {{node: HTMLElement, markEpoch: (epoch: number) => void}}
 */
export function newCourseView(page, {frames, probabilities, called, rival, label, names, epoch, pick}) {
  const epochs = frames.map((frame) => frame.epoch);
  const isWrong = label !== null && called !== label;
  const series = [
    seriesOf(probabilities, called, {names, className: isWrong ? "wrong" : "right", marker: isWrong ? "square" : "circle"}),
    seriesOf(probabilities, rival, {names, className: isWrong ? "right" : "other", marker: isWrong ? "circle" : "square"}),
  ];
  const values = (place) => series.map(({full, values: all}) => [...quotedName(full), ` ${formatProbability(all[place])}`]);
  const inWords = (place) => series.map((each) => `${each.full} ${formatProbability(each.values[place])}`).join(", ");
  const readout = newElement(page, "p", {class: "readout"});
  let openPlace = 0;
  const read = (place) => {
    const [first, second] = values(place);
    refill(readout, newElement(page, "strong", {}, `Epoch ${epochs[place]}`), " ", ...first, ", ", ...second);
  };
  const chart = makeLineChart(page, {
    ...SIZE_OF_COURSE, label: "Probability", epochs, last: epochs[epochs.length - 1], axis: probabilityAxis(), series,
    write: (value) => formatProbability(value, 1),
    tell: (place) => `epoch ${epochs[place]}: ${inWords(place)}`,
    onPoint(place) {
      chart.pointAt(place);
      read(place ?? openPlace);
    },
    onPick: (place) => pick(stateEpoch(frames[place])),
  });
  const markEpoch = (newEpoch) => {
    openPlace = frameAt(frames, newEpoch);
    chart.markEpoch(openPlace);
    read(openPlace);
  };
  markEpoch(epoch);
  const answers = probabilities.map(largestOf);
  const node = newElement(
    page, "section", {class: "details-part"}, newElement(page, "h4", {}, "Probability after each epoch"),
    newElement(page, "p", {class: "reading"}, ...predictionsByEpochSentence(epochs, answers, label, names)),
    readout, chart.node, newCourseTable(page, epochs, series),
  );
  return {node, markEpoch};
}

function seriesOf(probabilities, label, {names, className, marker}) {
  const full = names[label];
  const name = full.length > 12 ? `${full.slice(0, 11)}…` : full;
  return {name, full, className, marker, values: probabilities.map((each) => each[label])};
}

/** Create a table of the same numbers. */
function newCourseTable(page, epochs, series) {
  const heading = (scope, content) => newElement(page, "th", {scope, class: "n"}, content);
  const number = (value) => newElement(page, "td", {class: "n"}, formatProbability(value));
  const row = (...cells) => newElement(page, "tr", {}, ...cells);
  const head = row(heading("col", "Epoch"), ...series.map(({full}) => heading("col", {name: full})));
  const rows = epochs.map((epoch, place) => row(heading("row", epoch), ...series.map(({values}) => number(values[place]))));
  const [top, body] = [newElement(page, "thead", {}, head), newElement(page, "tbody", {}, ...rows)];
  const table = newElement(page, "table", {class: "plain"}, top, body);
  return newElement(page, "details", {class: "words"}, newElement(page, "summary", {}, "As a table"), table);
}

/**
 * Return a function for the class probabilities of an image at each epoch.
 *
 * The networks are cached: the page has a memory budget for all of them together.
 *
 * @param {import("../../state/epochs.js").Frame[]} frames
 * @returns {(pixels: Float32Array, isWanted: () => boolean) => Promise<Float32Array[] | undefined>} all classes' probabilities,
 *   frame by frame; undefined where it was given up, or the network cannot be run
 */
export function cacheCourses(session, frames) {
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
