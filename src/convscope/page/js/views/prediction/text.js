import {formatPercent} from "../../dom/format.js";

/** Sentences about the prediction. Pure: no DOM. */

/** From these shares of reference images on, the OOD score (first two) or the confidence changes the verdict; that of an
 * unusual image from the last one on. */
const [UNUSUAL, OUT_OF_DISTRIBUTION, LOW_CONFIDENCE, LOWISH_CONFIDENCE] = [0.9, 0.99, 0.98, 0.95];

/**
 * Return whether to trust the prediction, in one sentence, and the numbers behind it.
 *
 * @param {string} name of the predicted class
 * @param {object} compared
 * @param {number | null} compared.lessUnusual share of reference images with a lower OOD score, 0..1; null if not measured
 * @param {number | null} compared.moreConfident share of test images with higher confidence
 * @param {string} selectedOn the split of the reference images
 * @returns {{level: "in" | "unusual" | "out", words: any[], numbers: string}} `words` as `refill` takes them
 */
export function verdictOn(name, {lessUnusual, moreConfident}, selectedOn) {
  const isUnusual = lessUnusual >= UNUSUAL;
  const numbers = [farSentence(lessUnusual, `${selectedOn} images`), confidenceSentence(moreConfident)].join(" ").trim();
  const verdict = (level, ...words) => ({level, words, numbers});
  if (lessUnusual >= OUT_OF_DISTRIBUTION) return verdict("out", "Unlike anything it was trained on: do not trust this");
  if (moreConfident >= (isUnusual ? LOWISH_CONFIDENCE : LOW_CONFIDENCE)) return verdict("out", isUnusual ? "Unusual image, low confidence: a guess" : "Low confidence: treat this as a guess");
  const article = /^\d+$/.test(name) ? (/^(8|1[18](\d{3})*$)/.test(name) ? "an " : "a ") : "";
  const ending = isUnusual ? ", but an unusual one" : lessUnusual === null ? "; not compared with the training images" : "";
  return verdict(isUnusual ? "unusual" : "in", `Looks like ${article}`, {name}, ending);
}

function farSentence(lessUnusual, known) {
  if (lessUnusual === null) return "";
  if (lessUnusual >= 1) return `Farther from the training images than all ${known}.`;
  if (lessUnusual < 0.5) return `Closer to the training images than ${shareText(1 - lessUnusual)} of the ${known}.`;
  return `Farther from the training images than ${shareText(lessUnusual)} of the ${known}.`;
}

function confidenceSentence(moreConfident) {
  if (moreConfident === null) return "";
  return moreConfident < 0.5 ? `More confident than for ${shareText(1 - moreConfident)} of the test images.`
    : `Less confident than for ${shareText(moreConfident)} of the test images.`;
}

/** Return whole percents, or tenths above 99%; never 100%. */
function shareText(share) {
  return share > 0.99 ? formatPercent(Math.min(share, 0.999), 1) : formatPercent(share, 0);
}

/**
 * Return what the page's probabilities are.
 *
 * @param {number} temperature of the open network
 * @param {{temperature: number | null, temperature_scaling: object | null} | undefined} uncertainty
 * @param {number} epoch
 */
export function calibrationSentence(temperature, uncertainty, epoch) {
  if (temperature !== 1) return `Calibrated with temperature ${temperature.toFixed(2)}`;
  if (epoch && uncertainty?.temperature) return `Softmax output of epoch ${epoch}: only the final weights are calibrated`;
  return `Softmax output; ${uncertainty?.temperature_scaling ? "calibration would not help" : "no temperature was fitted"}`;
}
