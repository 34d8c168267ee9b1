import {predictionOf} from "../../state/prediction.js";

/** Start the exercises; each is ticked off once done and stays so. */
export function startExercises(page, session) {
  const box = page.querySelector("[data-live=exercises]");
  if (!box || !session.run) return;
  box.removeAttribute("hidden");
  const waiting = new Map(session.payload.exercises.map((exercise, place) => [exercise, itemAt(box, place)]));
  const check = () => {
    const {open, state} = session;
    const situation = {open, prediction: predictionOf(session), epoch: state.epoch, isChanged: state.change !== ""};
    for (const [exercise, item] of waiting) {
      if (!isDone(exercise, situation)) continue;
      item.classList.add("is-done");
      item.querySelector(".outcome").textContent = "✓ Done";
      waiting.delete(exercise);
    }
  };
  session.subscribe((_, changed) => {
    if (waiting.size && (changed.has("run") || changed.has("open"))) check();
  });
  check();
}

function itemAt(box, place) {
  return box.querySelector(`[data-exercise="${place}"]`);
}

/**
 * Checks for completed exercises. Pure: no DOM.
 *
 * @typedef {{kind: string, text: string, label: number, answer: number, image: number}} Exercise as `page/text/exercises.py` makes it
 * @typedef {object} Situation
 * @property {import("../../state/session.js").OpenImage} open
 * @property {{isEmpty: boolean, best: number}} prediction
 * @property {number} epoch the epoch whose weights run; 0 for those of the end
 * @property {boolean} isChanged whether the reader has changed the open image
 */

/** @type {Record<string, (exercise: Exercise, situation: Situation) => boolean>} */
const CHECKS = {
  draw: ({answer}, {open, prediction}) => open.source === "drawing" && !prediction.isEmpty && prediction.best === answer,
  turn: ({label, answer}, {open, prediction, isChanged}) =>
    isChanged && open.source === "test" && open.label === label && prediction.best === answer,
  surest: ({image}, {open}) => isTestImage(open, image),
  back: ({image, label}, {open, prediction, epoch, isChanged}) =>
    isTestImage(open, image) && epoch > 0 && !isChanged && prediction.best === label,
};

/**
 * @param {Exercise} exercise
 * @param {Situation} situation
 * @returns {boolean} of a kind that is not known: never
 */
export function isDone(exercise, situation) {
  return CHECKS[exercise.kind]?.(exercise, situation) ?? false;
}

function isTestImage(open, index) {
  return open.source === "test" && open.index === index;
}
