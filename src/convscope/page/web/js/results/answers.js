import {inputsOfImage} from "../data/images.js";
import {makeWorkspace, runNetwork} from "../engine/network.js";
import {runInSlices} from "../slices.js";

/**
 * What the network of an earlier epoch says of the test images. The page holds the answers of the finished one only: others
 * are worked out when asked for, a class at a time, and kept.
 *
 * @typedef {import("./selection.js").Answers} Answers
 * @typedef {(epoch: number, rows: Uint32Array, isWanted: () => boolean) => Promise<Answers | undefined>} AnswersAt
 *   right for these rows; undefined where it was given up, or cannot be known
 * @typedef {Answers & {known: Uint8Array}} PartialAnswers `known`: 1 for the rows that are worked out
 */

/**
 * @param {import("../live.js").Live} live
 * @returns {AnswersAt}
 */
export function keepAnswers(live) {
  const {test} = live.images;
  const kept = new Map();
  return async (epoch, rows, isWanted) => {
    if (epoch === 0) return test;
    const network = await live.networkAt(epoch);
    if (!network || network.unknown.length) return undefined;
    if (!kept.has(epoch)) kept.set(epoch, emptyAnswers(test.count));
    const answers = kept.get(epoch);
    return runInSlices(fillAnswers(answers, test, network, rows), isWanted);
  };
}

/** @returns {PartialAnswers} */
function emptyAnswers(count) {
  return {
    known: new Uint8Array(count),
    predictions: new Uint16Array(count),
    confidence: new Float32Array(count),
    trueProbability: new Float32Array(count),
  };
}

/**
 * @param {PartialAnswers} answers
 * @returns {Generator<number, PartialAnswers>}
 */
function* fillAnswers(answers, images, network, rows) {
  const workspace = makeWorkspace(network);
  for (const row of rows) {
    if (answers.known[row]) continue;
    const {probabilities} = runNetwork(network, inputsOfImage(images, row), workspace);
    const predicted = largestOf(probabilities);
    answers.predictions[row] = predicted;
    answers.confidence[row] = probabilities[predicted];
    answers.trueProbability[row] = probabilities[images.labels[row]];
    answers.known[row] = 1;
    yield row;
  }
  return answers;
}

/**
 * @param {ArrayLike<number>} values
 * @returns {number} the place of the largest, of equal ones the first
 */
export function largestOf(values) {
  let best = 0;
  for (let place = 1; place < values.length; place++) if (values[place] > values[best]) best = place;
  return best;
}
