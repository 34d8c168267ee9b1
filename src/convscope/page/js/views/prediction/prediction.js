import {refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {runWhenIdle} from "../../dom/scheduling.js";
import {directionsOf, sampleFeatures, shareAbove, shareBelow, oodScore} from "../../state/ood-score.js";
import {predictionOf} from "../../state/prediction.js";
import {makeProbabilityBars} from "./probability-bars.js";
import {calibrationSentence, oodSentence} from "./text.js";

/** Milliseconds without a change before a screen reader hears the prediction. */
const QUIET = 700;

/**
 * Show the prediction: class, confidence, runner-up, and whether the image is out of distribution.
 *
 * @param {Document} page
 * @param {import("../../state/session.js").Session} session
 */
export function startPrediction(page, session) {
  const {class_names: classNames} = session.payload.dataset;
  const node = page.getElementById("answer");
  const names = ["said", "sure", "basis", "second", "runner", "truth", "trust", "strange", "spoken"];
  const parts = Object.fromEntries(names.map((name) => [name, page.getElementById(`answer-${name}`)]));
  const bars = makeProbabilityBars(page, classNames, (target) => session.set({target: target === session.state.target ? -1 : target}));
  page.getElementById("answer-bars").append(bars.node);
  const trust = startOodMessage(session, show);
  let quiet = 0;

  function show() {
    const prediction = predictionOf(session);
    const {best, second, isEmpty, probabilities, calibrated} = prediction;
    const hasAnswer = !isEmpty && best >= 0;
    node.classList.toggle("is-silent", !hasAnswer);
    const marks = {best: hasAnswer ? best : -1, label: session.open.label, target: session.state.target};
    if (probabilities.length) bars.show(probabilities, marks);
    node.classList.toggle("has-long-name", hasAnswer && classNames[best].length > 2);
    parts.said.textContent = hasAnswer ? classNames[best] : isEmpty ? "?" : "–";
    parts.sure.textContent = hasAnswer ? `${formatProbability(calibrated[best])} confidence` : isEmpty ? "The pad is empty" : "No prediction";
    parts.basis.parentElement.hidden = !hasAnswer;
    parts.basis.textContent = hasAnswer ? calibrationSentence(prediction, session.payload.evidence, session.state.epoch) : "";
    const name = second >= 0 && {name: classNames[second]};
    parts.second.hidden = !hasAnswer || !name;
    if (name) refill(parts.runner, "Runner-up: ", name, `, ${formatProbability(calibrated[second])}`);
    showTruth(prediction, hasAnswer);
    const strange = hasAnswer ? trust() : null;
    parts.strange.textContent = strange?.text ?? "";
    parts.trust.hidden = !strange;
    node.dataset.strange = strange?.level ?? "";
    clearTimeout(quiet);
    quiet = setTimeout(() => speak(hasAnswer), QUIET);
  }

  function showTruth({best}, hasAnswer) {
    const {label} = session.open;
    node.dataset.truth = !hasAnswer || label === null ? "" : label === best ? "right" : "wrong";
    const sign = label === best ? "✓ Correct: true class " : "✕ Wrong: true class ";
    refill(parts.truth, ...(node.dataset.truth ? [sign, {name: classNames[label]}] : []));
  }

  function speak(hasAnswer) {
    const {said, sure, strange} = parts;
    const text = `Prediction: ${said.textContent}, ${sure.textContent}. ${strange.textContent}`;
    parts.spoken.textContent = hasAnswer ? text : "";
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
  const {novelty} = evidence ?? {};
  const {test, reference} = session.images;
  // Only with all test images: a sample has more than its share of errors.
  const confidences = test && !test.sampled ? Float32Array.from(test.confidence).sort() : null;
  let sample = null;
  if (novelty && reference) collect();
  return () => {
    if (!sample || session.state.epoch !== 0) return null; // the reference distances belong to the final weights
    const {activations, probabilities} = session.run;
    const distance = oodScore(activations[novelty.layer].data, sample, novelty.neighbours);
    const surer = confidences && shareAbove(Math.max(...probabilities), confidences);
    return oodSentence(shareBelow(distance, novelty.distances), surer, evidence);
  };

  async function collect() {
    const network = await session.networkAt(0);
    if (!network || network.unknown.length) return;
    sample = directionsOf(await runWhenIdle(sampleFeatures(network, reference, novelty.layer)));
    onReady();
  }
}
