import {wilson} from "./class-recall.js";

/**
 * Selective prediction: what is left when the network predicts only where its confidence reaches a threshold. Pure: no DOM.
 * @typedef {{threshold: number, answered: number, correct: number, n: number}} Selected
 */

/** Steps of the slider; they are even in the logarithm of the distance to 1, where the confidence of most images lies. */
const SLIDER_STEPS = 200;
const LARGEST_EXPONENT = 4;
/** The slider ends where this share of the errors is left, as the static curve does, or at the highest chosen threshold. */
const FEW_ERRORS = 0.05;
/** Bins of the reliability diagram, as `NUM_BINS` in `analysis/uncertainty/temperature.py`. */
export const BINS = 15;

/**
 * @param {object} uncertainty `metrics.uncertainty`
 * @param {import("./selection.js").Answered | null} images all test images; null where some are not embedded
 * @returns {Selected[]} by ascending threshold: from the images, or those that the run stored
 */
export function thresholdSteps({thresholds, risk_coverage: {points}}, images) {
  if (!images) {
    const stored = [...points, ...thresholds].sort((a, b) => a.threshold - b.threshold);
    return stored.map(({threshold, test}) => ({threshold, ...test})).filter(({answered}) => answered);
  }
  const exponents = Array.from({length: SLIDER_STEPS + 1}, (_, step) => (LARGEST_EXPONENT * step) / SLIDER_STEPS);
  const all = [...exponents.map((exponent) => 1 - 10 ** -exponent), ...thresholds.map(({threshold}) => threshold)];
  const ranked = Uint32Array.from({length: images.count}, (_, row) => row);
  ranked.sort((a, b) => images.confidence[a] - images.confidence[b]);
  let [place, correct] = [0, ranked.filter((row) => images.labels[row] === images.predictions[row]).length];
  const steps = all.sort((a, b) => a - b).flatMap((threshold) => {
    for (; place < ranked.length && images.confidence[ranked[place]] < threshold; place++) {
      if (images.labels[ranked[place]] === images.predictions[ranked[place]]) correct--;
    }
    const answered = ranked.length - place;
    return answered ? [{threshold, answered, correct, n: images.count}] : [];
  });
  const few = FEW_ERRORS * (steps[0].answered - steps[0].correct);
  const highest = Math.max(0, ...thresholds.map(({threshold}) => threshold));
  const end = steps.findIndex(({threshold, answered, correct: hits}) => threshold >= highest && answered - hits <= few);
  return end > 0 ? steps.slice(0, end + 1) : steps;
}

/** @param {Selected} selected */
export function selectiveAccuracy({answered, correct}) {
  return {value: correct / answered, interval: wilson(correct, answered)};
}

/** @param {number} confidence @returns {number} the bin, whose upper end belongs to it */
export function binOf(confidence) {
  return Math.min(BINS - 1, Math.max(0, Math.ceil(confidence * BINS) - 1));
}
