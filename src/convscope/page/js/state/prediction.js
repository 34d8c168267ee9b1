import {rankedIndices} from "../network/softmax.js";

/**
 * The network's current prediction as numbers. Pure: no DOM.
 * @typedef {object} Prediction
 * @property {boolean} isEmpty whether there is nothing to classify: an empty pad, or a picture of one level
 * @property {number} best the class; -1 where there is nothing, or the network cannot be run to its end
 * @property {number} second the runner-up; -1 where there is none
 * @property {ArrayLike<number>} probabilities of all classes: the ones that the whole page shows
 */

/** A picture whose pixels differ less than this is blank; `data/digits/mnist_style.py` asks as much of ink. */
const LEAST_CONTRAST = 16 / 255;

/**
 * @param {import("./session.js").Session} session
 * @returns {Prediction}
 */
export function predictionOf({open, run, shape}) {
  const isOwn = open.source === "drawing" || open.source === "picture";
  const {channels} = shape;
  const blank = (pixels) => pixels.every((level, place) => Math.abs(level - pixels[place % channels]) < LEAST_CONTRAST);
  const isEmpty = (isOwn && blank(open.original)) || (open.pixels !== open.original && blank(open.pixels));
  const probabilities = run?.probabilities ?? [];
  const [best = -1, second = -1] = isEmpty ? [] : rankedIndices(probabilities);
  return {isEmpty, best, second, probabilities};
}

/**
 * @param {import("./session.js").Session} session
 * @returns {string} the name of the class that the page answers now; "" where it answers none
 */
export function predictedName(session) {
  const {best} = predictionOf(session);
  return best < 0 ? "" : session.names[best];
}
