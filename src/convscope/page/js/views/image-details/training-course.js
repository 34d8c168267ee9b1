import {newProbabilityCourse} from "../../dom/chart/probability-course.js";
import {newElement} from "../../dom/element.js";
import {largestOf} from "../../network/temperature.js";
import {frameAt, stateEpoch} from "../../state/epochs.js";
import {predictionsByEpochSentence} from "./predictions-by-epoch.js";

/**
 * Create the chart of an image's probabilities after each epoch, computed with that epoch's weights, and its sentence.
 *
 * @param {object} course
 * @param {import("../../state/epochs.js").Frame[]} course.frames
 * @param {Float32Array[]} course.probabilities of all classes, for each frame
 * @param {{called: number, rival: number}} course.classes
 * @param {number | null} course.label
 * @param {string[]} course.names
 * @returns {{node: HTMLElement, markEpoch: () => void}}
 */
export function newCourseView(page, session, {frames, probabilities, classes, label, names}) {
  const epochs = frames.map(({epoch}) => epoch);
  const onPick = (place) => session.set({epoch: stateEpoch(frames[place])});
  const chart = newProbabilityCourse(page, {width: 336, height: 148, epochs, probabilities, ...classes, label, names, onPick});
  const markEpoch = () => chart.mark(frameAt(frames, session.state.epoch));
  markEpoch();
  const node = newElement(
    page, "details", {class: "details-part", name: "case-part", "data-part": "course"}, newElement(page, "summary", {}, "Probability after each epoch"),
    newElement(page, "p", {class: "reading"}, ...predictionsByEpochSentence(epochs, probabilities.map(largestOf), label, names)), ...chart.nodes,
  );
  return {node, markEpoch};
}
