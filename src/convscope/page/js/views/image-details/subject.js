import {quotedName} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {mistakeNames} from "../../dom/image-title.js";
import {runNetwork} from "../../network/network.js";
import {largestOf} from "./predictions-by-epoch.js";

/**
 * Subject of the image details, and its sentences. Pure: no DOM.
 *
 * @typedef {import("../../state/session.js").OpenImage} OpenImage
 * @typedef {import("../../network/network.js").Run} Run
 * @typedef {{open: OpenImage, run: Run | null}} Subject
 */

const SOURCE_TITLES = {test: "Test image", train: "Training image", drawing: "Your drawing", picture: "Your image"};

/**
 * Return the open image or, before any was opened, the error with the highest confidence.
 *
 * @returns {Subject}
 */
export function subjectOf({open, run, network, state, images, pixelsOf}) {
  if (state.image) return {open, run};
  const [name] = mistakeNames(images.test);
  const pixels = name ? pixelsOf(name) : null;
  if (!pixels) return {open, run};
  const index = Number(name.split("-")[1]);
  const row = images.test.indices.indexOf(index);
  const mistake = {name, source: "test", index, row, label: images.test.labels[row], pixels, original: pixels};
  return {open: mistake, run: network && runNetwork(network, pixels)};
}

/**
 * @param {Subject} subject
 * @returns {number} the class that it is called: by the network, or where that cannot run here, as it was measured; −1 where
 *   neither is known
 */
export function answerAbout({images}, {open, run}) {
  if (run?.probabilities) return largestOf(run.probabilities);
  return open.source === "test" ? images.test.predictions[open.row] : -1;
}

/**
 * @param {Subject} subject
 * @returns {number | null} its row among the test images, if it is one
 */
export function testRowOf({open}) {
  return open.source === "test" ? open.row : null;
}

/**
 * Return a title such as `Test image 9,729`.
 *
 * @param {Subject} subject
 */
export function subjectTitle({open}) {
  const number = open.index === null ? "" : `\u00a0${formatWhole(open.index)}`;
  return `${SOURCE_TITLES[open.source]}${number}${open.pixels === open.original ? "" : "; transformed"}`;
}

/**
 * Return `true class “5”, predicted as “6”`, with the epoch where it is not the last.
 *
 * @param {Subject} subject
 * @param {number} answer
 * @param {string[]} names
 * @param {string} when "" for the last epoch
 * @returns {import("../../dom/element.js").Content[]}
 */
export function subjectOutcome({open}, answer, names, when) {
  if (answer < 0) return ["The network cannot run in this page."];
  const called = quotedName(names[answer]);
  const tail = when ? [`, ${when}`] : [];
  if (open.label === null) return ["predicted as ", ...called, ...tail];
  if (answer === open.label) return ["true class ", ...called, ", predicted correctly", ...tail];
  return ["true class ", ...quotedName(names[open.label]), ", predicted as ", ...called, ...tail];
}
