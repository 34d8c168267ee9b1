import {formatProbability, formatDecimals} from "../dom/format.js";
import {boxInWords} from "../network/unit-receptive-field.js";

/**
 * The three attribution methods: title, explanation and one sentence about the result.
 *
 * @typedef {{way: string, title: string, asked: string, words: string, tell: (found: any) => string}} EvidenceWay
 */

/** @type {EvidenceWay[]} */
export const ATTRIBUTION_METHODS = [
  {
    way: "gradient",
    title: "Gradient × input",
    asked: "gradient",
    words:
      "The gradient of the logit with respect to each pixel, times the pixel. It describes small changes only, not the " +
      "removal of a pixel. Gradients vanish where the output is saturated.",
    tell: ({sum, logit}) => `Sum: ${formatDecimals(sum, 2)}. Logit: ${formatDecimals(logit, 2)}.`,
  },
  {
    way: "integrated",
    title: "Integrated gradients",
    asked: "gradient",
    words:
      "Gradient × input, averaged along the straight path from an image of zeros to this one. The values add up to the " +
      "difference between the two logits. The path passes through unrealistic images.",
    tell: ({sum, logit, zerosLogit}) => {
      const [here, zeros, more] = [logit, zerosLogit, logit - zerosLogit].map((number) => formatDecimals(number, 2));
      return `Sum: ${formatDecimals(sum, 2)}. The logit is ${here} for this image and ${zeros} for zeros; the difference is ${more}.`;
    },
  },
  {
    way: "occlusion",
    title: "Occlusion",
    asked: "occlusion",
    words:
      "The decrease of the logit when a square of the image is set to 0. This is an experiment, not an approximation, but a " +
      "coarse one, and the blank patch is itself out of distribution.",
    tell: ({drop, size, box, before, after}) => {
      if (!(drop > 0)) return "No square lowers the logit when set to 0.";
      const square = `the square of ${size} × ${size} at ${boxInWords(box)}`;
      return `At most ${formatDecimals(drop, 2)}, for ${square}: the probability changes from ${formatProbability(before)} to ${formatProbability(after)}.`;
    },
  },
];
