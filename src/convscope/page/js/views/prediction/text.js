import {formatPercent, formatProbability, formatWhole} from "../../dom/format.js";

/** Sentences about the prediction. Pure: no DOM. */

/** From these shares of reference images on, the OOD score (first two) or the confidence (last) gets a sentence. */
const [UNUSUAL, OUT_OF_DISTRIBUTION, LOW_CONFIDENCE] = [0.9, 0.99, 0.98];

/**
 * Return whether to trust the prediction, judged by OOD score and confidence.
 *
 * @param {number} lessUnusual share of reference images with a lower OOD score, 0..1
 * @param {number | null} moreConfident share of test images with higher confidence
 * @param {{selected_on: string}} evidence
 * @returns {{level: "in" | "unusual" | "out", text: string}}
 */
export function oodSentence(lessUnusual, moreConfident, {selected_on: selectedOn}) {
  const known = `${selectedOn} images`;
  const farther = `farther from the training data than ${lessUnusual >= 1 ? `all ${known}` : `${shareText(lessUnusual)} of ${known}`}`;
  const warning = "Do not trust this prediction.";
  if (lessUnusual >= OUT_OF_DISTRIBUTION) return {level: "out", text: `Out of distribution: ${farther}. ${warning}`};
  if (moreConfident !== null && moreConfident >= LOW_CONFIDENCE) {
    const unsure = `Confidence is lower than for ${shareText(moreConfident)} of test images`;
    return {level: "out", text: `${unsure}${lessUnusual >= UNUSUAL ? `, and the image is ${farther}` : ""}. ${warning}`};
  }
  if (lessUnusual >= UNUSUAL) return {level: "unusual", text: `Unusual: ${farther}.`};
  return {level: "in", text: `In distribution: closer to the training data than ${shareText(1 - lessUnusual)} of ${known}.`};
}

/** Return whole percents, or tenths above 99%; never 100%. */
function shareText(share) {
  return share > 0.99 ? formatPercent(Math.min(share, 0.999), 1) : formatPercent(share, 0);
}

/**
 * @param {import("../../state/prediction.js").Prediction} prediction
 * @param {{temperature_scaling: {n: number, temperature: number} | null, selected_on: string} | null} evidence
 * @param {number} epoch
 */
export function calibrationSentence({best, probabilities, isCalibrated}, evidence, epoch) {
  if (!isCalibrated) {
    if (evidence?.temperature_scaling && epoch) return "Uncalibrated softmax: the calibration applies to the last epoch only.";
    return "Uncalibrated softmax.";
  }
  const {n, temperature} = evidence.temperature_scaling;
  return `Calibrated on ${formatWhole(n)} ${evidence.selected_on} images, temperature ${temperature.toFixed(2)}; the bars show ` +
    `the uncalibrated softmax, ${formatProbability(probabilities[best])}.`;
}
