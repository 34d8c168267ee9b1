import {quotedName} from "../../dom/element.js";
import {largestOf} from "../../network/temperature.js";

/**
 * Subject of the image details, and its sentences. Pure: no DOM.
 *
 * @typedef {import("../../state/session.js").OpenImage} OpenImage
 * @typedef {import("../../network/network.js").Run} Run
 * @typedef {{open: OpenImage, run: Run | null}} Subject
 */

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
