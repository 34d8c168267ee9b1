import {rankedIndices, softmaxAt} from "../network/temperature.js";

/**
 * The network's current prediction as numbers. Pure: no DOM.
 *
 * @typedef {object} Prediction
 * @property {boolean} isEmpty whether there is nothing on the pad
 * @property {number} best the class; -1 where the network cannot be run to its end
 * @property {number} second the runner-up; -1 where there is none
 * @property {ArrayLike<number>} probabilities of all classes, as the network gives them
 * @property {ArrayLike<number>} calibrated the same after temperature scaling, or unchanged without it
 * @property {boolean} isCalibrated
 */

/**
 * @param {import("./session.js").Session} session
 * @returns {Prediction}
 */
export function predictionOf({open, run, state, payload}) {
  const isEmpty = open.source === "drawing" && open.original.every((level) => level === 0);
  if (!run?.probabilities) return {isEmpty, best: -1, second: -1, probabilities: [], calibrated: [], isCalibrated: false};
  const {probabilities, logits} = run;
  // The temperature was fitted to the final weights.
  const calibration = state.epoch === 0 ? payload.evidence?.temperature_scaling : null;
  const [best, second = -1] = rankedIndices(probabilities);
  const calibrated = calibration ? softmaxAt(logits, calibration.temperature) : probabilities;
  return {isEmpty, best, second, probabilities, calibrated, isCalibrated: Boolean(calibration)};
}

/**
 * @param {import("./session.js").Session} session
 * @returns {string} the name of the class that the page answers now; "" where it answers none
 */
export function predictedName(session) {
  const {isEmpty, best} = predictionOf(session);
  return isEmpty || best < 0 ? "" : session.payload.dataset.class_names[best];
}
