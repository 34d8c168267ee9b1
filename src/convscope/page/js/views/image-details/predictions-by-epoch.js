import {inputsOfImage} from "../../data/images.js";
import {runInSlices} from "../../dom/scheduling.js";
import {makeWorkspace, runNetwork} from "../../network/network.js";
import {largestOf} from "../../network/softmax.js";

/**
 * Predictions of earlier epochs for the test images.
 *
 * The page embeds those of the final network only; others are computed on demand, a class at a time, and cached.
 * @typedef {import("../results/selection.js").Answers} Answers
 * @typedef {(epoch: number, rows: Uint32Array, isWanted: () => boolean) => Promise<Answers | undefined>} AnswersAt
 *   right for these rows; undefined where it was given up, or cannot be known
 */

/** @returns {AnswersAt} */
export function cachePredictions(session) {
  const {test} = session.images;
  const kept = new Map();
  return async (epoch, rows, isWanted) => {
    if (epoch === 0) return test;
    const network = await session.networkAt(epoch);
    if (!network || network.unknown.length) return undefined;
    if (!kept.has(epoch)) kept.set(epoch, emptyAnswers(test.count));
    const answers = kept.get(epoch);
    return runInSlices(fillAnswers(answers, test, network, rows), isWanted);
  };
}

function emptyAnswers(count) {
  return {
    known: new Uint8Array(count), // 1 for the rows that are worked out
    predictions: new Uint16Array(count),
    confidence: new Float32Array(count),
    trueProbability: new Float32Array(count),
  };
}

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
 * Return a sentence about the predictions for an image over the epochs.
 * @param {number[]} answers the class that each epoch's network called it
 * @returns {(string | {name: string})[]} text and names
 */
export function predictionsByEpochSentence(epochs, answers, label, names) {
  if (epochs.length < 2) return [];
  if (label === null) return runsSentence(epochs, answers, names);
  const right = epochs.filter((_, place) => answers[place] === label);
  if (right.length === epochs.length) return [`Correct in all ${epochs.length} epoch snapshots.`];
  if (!right.length) return [`Misclassified in all ${epochs.length} epoch snapshots.`];
  const wrong = epochs.filter((epoch) => !right.includes(epoch));
  return [`Correct ${afterEpochs(right)}, misclassified ${afterEpochs(wrong)}.`];
}

/** Return a sentence such as `Predicted as “7” after epoch 1, “3” after epoch 4.` */
function runsSentence(epochs, answers, names) {
  const changes = answers.filter((answer, place) => place > 0 && answer !== answers[place - 1]).length;
  if (!changes) return [`The same prediction in all ${epochs.length} epoch snapshots.`];
  if (changes > 3) return [`The prediction changed ${changes} times over ${epochs.length} epoch snapshots.`];
  return answers.flatMap((answer, place) => {
    if (place === 0) return ["Predicted as “", {name: names[answer]}, `” after epoch ${epochs[0]}`];
    return answer === answers[place - 1] ? [] : [", “", {name: names[answer]}, `” after epoch ${epochs[place]}`];
  }).concat(".");
}

/** Return `after epoch 3`, `after epochs 1, 2 and 5` or `after 7 of them`. */
function afterEpochs(epochs) {
  if (epochs.length === 1) return `after epoch ${epochs[0]}`;
  if (epochs.length > 5) return `after ${epochs.length} of them`;
  return `after epochs ${epochs.slice(0, -1).join(", ")} and ${epochs[epochs.length - 1]}`;
}
