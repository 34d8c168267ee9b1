import {refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {runWhenIdle} from "../../dom/scheduling.js";
import {directionsOf, sampleFeatures, shareAbove, shareBelow, oodScore} from "../../state/ood-score.js";
import {predictionOf} from "../../state/prediction.js";
import {makeProbabilityBars} from "./probability-bars.js";
import {calibrationSentence, oodSentence} from "./text.js";

/** Milliseconds without a change before a screen reader hears the prediction. */
const QUIET = 700;

/** Show the prediction: class, confidence, runner-up, and whether the image is out of distribution. */
export function startPrediction(page, session) {
  const {class_names: classNames} = session.payload.dataset;
  const node = page.getElementById("prediction");
  const names = ["class", "confidence", "calibration", "second", "runner-up", "label", "trust", "ood", "announcement"];
  const parts = Object.fromEntries(names.map((name) => [name, page.getElementById(`prediction-${name}`)]));
  const bars = makeProbabilityBars(page, classNames, (target) => session.set({target: target === session.state.target ? -1 : target}));
  page.getElementById("prediction-bars").append(bars.node);
  const trust = startOodMessage(session, show);
  let quiet = 0;

  function show() {
    const prediction = predictionOf(session);
    const {best, second, isEmpty, probabilities, calibrated} = prediction;
    const hasAnswer = !isEmpty && best >= 0;
    node.classList.toggle("is-empty", !hasAnswer);
    const marks = {best: hasAnswer ? best : -1, label: session.open.label, target: session.state.target};
    if (probabilities.length) bars.show(probabilities, marks);
    node.classList.toggle("has-long-name", hasAnswer && classNames[best].length > 2);
    parts.class.textContent = hasAnswer ? classNames[best] : isEmpty ? "?" : "–";
    parts.confidence.textContent = hasAnswer ? `${formatProbability(calibrated[best])} confidence` : isEmpty ? "The pad is empty" : "No prediction";
    parts.calibration.parentElement.hidden = !hasAnswer;
    parts.calibration.textContent = hasAnswer ? calibrationSentence(prediction, session.payload.evidence, session.state.epoch) : "";
    const name = second >= 0 && {name: classNames[second]};
    parts.second.hidden = !hasAnswer || !name;
    if (name) refill(parts["runner-up"], "Runner-up: ", name, `, ${formatProbability(calibrated[second])}`);
    showLabel(prediction, hasAnswer);
    const ood = hasAnswer ? trust() : null;
    parts.ood.textContent = ood?.text ?? "";
    parts.trust.hidden = !ood;
    node.dataset.ood = ood?.level ?? "";
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
    const text = `Prediction: ${parts.class.textContent}, ${parts.confidence.textContent}. ${parts.ood.textContent}`;
    parts.announcement.textContent = hasAnswer ? text : "";
  }

  session.subscribe((_, changed) => {
    if (changed.has("run") || changed.has("open") || changed.has("target")) show();
  });
  show();
}

/**
 * Compute the sample's features while the page is idle, then redraw.
 *
 * @returns {() => {level: string, text: string} | null} what to say of the open image; null while that is not known
 */
function startOodMessage(session, onReady) {
  const {evidence} = session.payload;
  const distances = evidence?.feature_distances;
  const {test, reference} = session.images;
  // Only with all test images: a sample has more than its share of errors.
  const confidences = test && !test.sampled ? Float32Array.from(test.confidence).sort() : null;
  let sample = null;
  if (distances && reference) collect();
  return () => {
    if (!sample || session.state.epoch !== 0) return null; // the reference distances belong to the final weights
    const {activations, probabilities} = session.run;
    const distance = oodScore(activations[distances.layer].data, sample, distances.neighbours);
    const moreConfident = confidences && shareAbove(Math.max(...probabilities), confidences);
    return oodSentence(shareBelow(distance, distances.distances), moreConfident, evidence);
  };

  async function collect() {
    const network = await session.networkAt(0);
    if (!network || network.unknown.length) return;
    sample = directionsOf(await runWhenIdle(sampleFeatures(network, reference, distances.layer)));
    onReady();
  }
}
