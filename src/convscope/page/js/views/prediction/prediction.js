import {readNumbers} from "../../data/typed-arrays.js";
import {quotedName, refill, writeText} from "../../dom/element.js";
import {formatProbability, formatPercent} from "../../dom/format.js";
import {shareAbove, shareBelow, oodScore} from "../../state/ood-score.js";
import {predictionOf} from "../../state/prediction.js";
import {makeProbabilityBars} from "./probability-bars.js";

/** Milliseconds without a change before a screen reader hears the prediction. */
const QUIET = 700;

/** Show the prediction: class, confidence, runner-up, and whether the image is out of distribution. */
export function startPrediction(session) {
  const {names: classNames} = session;
  const node = document.getElementById("prediction");
  const names = ["class", "confidence", "calibration", "second", "runner-up", "ask", "label", "trust", "verdict", "numbers", "score", "announcement"];
  const parts = Object.fromEntries(names.map((name) => [name, document.getElementById(`prediction-${name}`)]));
  const bars = makeProbabilityBars(classNames, (target) => session.set({target: target === session.state.target ? -1 : target}));
  document.getElementById("prediction-bars").append(bars.node);
  parts.ask.addEventListener("click", () => session.set({target: predictionOf(session).best}));
  const verdict = startVerdict(session, show);
  let quiet = 0;

  function show() {
    const prediction = predictionOf(session);
    const {best, second, isEmpty, probabilities} = prediction;
    const hasAnswer = best >= 0;
    const emptyText = session.open.source === "drawing" ? "The pad is empty" : "Nothing found in this image";
    node.classList.toggle("is-empty", !hasAnswer);
    const marks = {best, label: session.open.label, target: session.state.target};
    if (probabilities.length) bars.show(probabilities, marks);
    node.classList.toggle("has-long-name", hasAnswer && classNames[best].length > 2);
    node.classList.toggle("has-longest-name", hasAnswer && classNames[best].length > 24);
    parts.class.textContent = hasAnswer ? classNames[best] : isEmpty ? "?" : "–";
    parts.confidence.textContent = hasAnswer ? `${formatProbability(probabilities[best])} confidence` : isEmpty ? emptyText : "No prediction";
    parts.calibration.parentElement.hidden = !hasAnswer;
    parts.calibration.textContent = hasAnswer ? calibrationSentence(session.network.temperature, session.payload.metrics.uncertainty, session.state.epoch) : "";
    const name = second >= 0 && {name: classNames[second]};
    parts.second.hidden = !hasAnswer || !name;
    if (name) refill(parts["runner-up"], "Runner-up: ", name, `, ${formatProbability(probabilities[second])}`);
    parts.ask.hidden = !hasAnswer || session.state.target === best;
    if (hasAnswer) refill(parts.ask, "Why ", ...quotedName(classNames[best]), "?");
    showLabel(prediction, hasAnswer);
    const found = hasAnswer ? verdict(prediction) : null;
    writeText(parts.verdict, found?.words ?? "");
    writeText(parts.numbers, found?.numbers ?? "");
    parts.score.hidden = !found?.isCompared;
    parts.trust.hidden = !found;
    node.dataset.ood = found?.level ?? "";
    clearTimeout(quiet);
    quiet = setTimeout(() => announce(hasAnswer), QUIET);
  }

  function showLabel({best}, hasAnswer) {
    const {label} = session.open;
    node.dataset.truth = !hasAnswer || label === null ? "" : label === best ? "right" : "wrong";
    const sign = label === best ? "✓ Correct: true class " : "✕ Wrong: true class ";
    refill(parts.label, ...(node.dataset.truth ? [sign, {name: classNames[label]}] : []));
  }

  function announce(hasAnswer) {
    const sentences = [`Prediction: ${parts.class.textContent}, ${parts.confidence.textContent}`, parts.label.textContent.slice(2), parts.verdict.textContent];
    parts.announcement.textContent = hasAnswer ? sentences.filter(Boolean).map((each) => `${each}.`).join(" ") : "";
  }

  session.follow(["run", "open", "target"], show);
}

/**
 * Read where the classes lie among the features, then redraw.
 * @returns {(prediction: {best: number, probabilities: ArrayLike<number>}) => ReturnType<typeof verdictOn> | null} on the
 *   open image; null while that is not known
 */
function startVerdict(session, onReady) {
  const {evidence} = session.payload;
  const mahalanobis = evidence?.mahalanobis;
  const {test} = session.images;
  // Only with all test images: a sample has more than its share of errors.
  const confidences = test && !test.sampled ? Float32Array.from(test.confidence).sort() : null;
  let classes = null;
  if (mahalanobis) collect();
  return ({best, probabilities}) => {
    const isFinal = session.state.epoch === 0; // distances and confidences belong to the final weights
    if (isFinal && mahalanobis && !classes) return null;
    const distance = isFinal && classes && oodScore(session.run.activations[mahalanobis.layer].data, classes);
    const lessUnusual = typeof distance === "number" ? shareBelow(distance, mahalanobis.distances) : null;
    const moreConfident = isFinal && confidences ? shareAbove(probabilities[best], confidences) : null;
    return verdictOn({lessUnusual, moreConfident}, evidence?.selected_on);
  };

  async function collect() {
    const [whitening, means] = await Promise.all([mahalanobis.whitening, mahalanobis.means].map((id) => readNumbers(document, id, "float32")));
    classes = {whitening, means};
    onReady();
  }
}

/** Sentences about the prediction. Pure: no DOM. */

/** From these shares of reference images on, the OOD score (first two) or the confidence changes the verdict; that of an
 * unusual image from the last one on. */
const [UNUSUAL, OUT_OF_DISTRIBUTION, LOW_CONFIDENCE, LOWISH_CONFIDENCE] = [0.9, 0.99, 0.98, 0.95];

/**
 * Return whether to trust the prediction, in one sentence, and the numbers behind it.
 * @param {object} compared
 * @param {number | null} compared.lessUnusual share of reference images with a lower OOD score, 0..1; null if not measured
 * @param {number | null} compared.moreConfident share of test images with higher confidence
 * @param {string} selectedOn the split of the reference images
 * @returns {{level: "in" | "unusual" | "out", words: string, numbers: string, isCompared: boolean}}
 */
export function verdictOn({lessUnusual, moreConfident}, selectedOn) {
  const isUnusual = lessUnusual >= UNUSUAL;
  const numbers = [farSentence(lessUnusual, `${selectedOn} images`), confidenceSentence(moreConfident)].join(" ").trim();
  const verdict = (level, words) => ({level, words, numbers, isCompared: lessUnusual !== null});
  if (lessUnusual >= OUT_OF_DISTRIBUTION) return verdict("out", "Unlike the images it was trained on: do not trust this");
  if (moreConfident >= (isUnusual ? LOWISH_CONFIDENCE : LOW_CONFIDENCE)) return verdict("out", isUnusual ? "Unusual image, low confidence: a guess" : "Low confidence: treat this as a guess");
  if (isUnusual) return verdict("unusual", "Farther from the training images than most");
  return verdict("in", lessUnusual === null ? "Not compared with the training images" : "As close to the training images as most");
}

function farSentence(lessUnusual, known) {
  if (lessUnusual === null) return "The distance to the training images was not measured for this network.";
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
 * @param {number} temperature of the open network
 * @param {{temperature: number | null, temperature_scaling: object | null} | undefined} uncertainty
 * @param {number} epoch
 */
export function calibrationSentence(temperature, uncertainty, epoch) {
  if (temperature !== 1) return `Calibrated with temperature ${temperature.toFixed(2)}`;
  if (epoch && uncertainty?.temperature) return `Softmax output of epoch ${epoch}: only the final weights are calibrated`;
  return `Softmax output; ${uncertainty?.temperature_scaling ? "calibration is not shown to help" : "no temperature was fitted"}`;
}
