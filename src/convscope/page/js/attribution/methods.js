import {formatProbability, formatDecimals} from "../dom/format.js";
import {boxInWords} from "../network/unit-receptive-field.js";

/**
 * The three ways to ask what speaks for a class: what each is, what it is not, and what it found, in a sentence each.
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
      "How steeply the logit answers to each pixel, times the pixel. It tells what the very next small change would do, not " +
      "what taking the pixel away would: a pixel that is already beyond doubt shows nothing.",
    tell: ({sum, logit}) => `Adds up to ${formatDecimals(sum, 2)}; the logit is ${formatDecimals(logit, 2)}.`,
  },
  {
    way: "integrated",
    title: "Integrated gradients",
    asked: "gradient",
    words:
      "The same, added up on the way from an image of zeros to this one, so that nothing is lost: the pixels share the whole " +
      "difference between the two logits. The way leads through images that nobody would draw.",
    tell: ({sum, logit, zerosLogit}) => {
      const [here, zeros, more] = [logit, zerosLogit, logit - zerosLogit].map((number) => formatDecimals(number, 2));
      return `Adds up to ${formatDecimals(sum, 2)}; the logit is ${here} here and ${zeros} for zeros, ${more} more.`;
    },
  },
  {
    way: "occlusion",
    title: "Occlusion",
    asked: "occlusion",
    words:
      "How much the logit falls when a square of the image is set to 0. It is a real experiment, but a coarse one: the square " +
      "has a size, and its emptiness is itself something that the network has to make sense of.",
    tell: ({drop, size, box, before, after}) => {
      if (!(drop > 0)) return "No square that is emptied lowers it.";
      const square = `the square of ${size} × ${size} at ${boxInWords(box)}`;
      return `Most by ${formatDecimals(drop, 2)}, for ${square}: the probability goes from ${formatProbability(before)} to ${formatProbability(after)}.`;
    },
  },
];
