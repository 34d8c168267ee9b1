import {formatPercent, formatProbability, formatWhole} from "../../dom/format.js";

/**
 * The answer in words. Pure: knows no document.
 */

/** Shares of known images that are less strange, or on which the network is surer: from here on it is worth a word. */
const [UNUSUAL, OUT_OF_DISTRIBUTION, DOUBTFUL] = [0.9, 0.99, 0.98];

/**
 * Whether the answer is to be trusted: by how strange the image is, and how sure the network is of it.
 *
 * @param {number} stranger share of the known images that are less strange, 0..1
 * @param {number | null} surer share of the test images on which the network is surer
 * @param {{measured_on: string}} evidence
 * @returns {{level: "known" | "unusual" | "strange", text: string}}
 */
export function oodSentence(stranger, surer, {measured_on: measuredOn}) {
  const known = `${measuredOn} images`;
  const strange = `stranger than ${stranger >= 1 ? `every one of the ${known}` : `${shareText(stranger)} of the ${known}`}`;
  const guess = "Take the answer for a guess.";
  if (stranger >= OUT_OF_DISTRIBUTION) return {level: "strange", text: `This looks like nothing it was trained on: ${strange}. ${guess}`};
  if (surer !== null && surer >= DOUBTFUL) {
    const unsure = `It is surer of ${shareText(surer)} of the test images`;
    return {level: "strange", text: `${unsure}${stranger >= UNUSUAL ? `, and this is ${strange}` : ""}. ${guess}`};
  }
  if (stranger >= UNUSUAL) return {level: "unusual", text: `Unusual: ${strange}.`};
  return {level: "known", text: `Nothing strange: ${shareText(1 - stranger)} of the ${known} are stranger.`};
}

/** Whole percents, and tenths where all but a few are meant; never all. */
function shareText(share) {
  return share > 0.99 ? formatPercent(Math.min(share, 0.999), 1) : formatPercent(share, 0);
}

/**
 * @param {import("../../state/prediction.js").Prediction} reply
 * @param {{calibration: {n: number, temperature: number} | null, measured_on: string} | null} evidence
 * @param {number} epoch
 */
export function calibrationSentence({best, probabilities, isCalibrated}, evidence, epoch) {
  if (!isCalibrated) {
    if (evidence?.calibration && epoch) return "As its softmax says: the calibration holds for the last epoch only.";
    return "As its softmax says: not calibrated.";
  }
  const {n, temperature} = evidence.calibration;
  return `Calibrated on ${formatWhole(n)} ${evidence.measured_on} images, temperature ${temperature.toFixed(2)}; the bars are ` +
    `the softmax itself, ${formatProbability(probabilities[best])}.`;
}
