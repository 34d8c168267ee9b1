import {predictionOf} from "../../state/prediction.js";

/** Start the exercises; each is ticked off once done and stays so. */
export function startExercises(session) {
  const box = document.querySelector("[data-live=exercises]");
  if (!box || !session.run) return;
  const waiting = new Map(session.payload.exercises.map((exercise, place) => [exercise, {item: box.querySelector(`[data-exercise="${place}"]`), begun: {}}]));
  for (const [exercise, {item}] of waiting) {
    if (exercise.kind === "surest" || !session.network.unknown.length) continue;
    item.remove(); // it needs predictions, which this page cannot compute
    waiting.delete(exercise);
  }
  if (!waiting.size) return;
  box.removeAttribute("hidden");
  const check = (isStrokeDone) => {
    const {open, state: {epoch, change, ink}} = session;
    const situation = {open, prediction: predictionOf(session), epoch, isChanged: change !== "", ink: isStrokeDone ? ink : ""};
    for (const [exercise, {item, begun}] of waiting) {
      if (!isDone(exercise, situation, begun)) continue;
      item.classList.add("is-done");
      item.querySelector(".outcome").textContent = "✓ Done";
      waiting.delete(exercise);
    }
  };
  session.subscribe((_, changed) => {
    if (waiting.size && ["run", "open", "ink"].some((key) => changed.has(key))) check(changed.has("ink"));
  });
  check(true);
}

/**
 * Checks for completed exercises. No DOM. What the reader means to draw is not known: only what the drawing was predicted as.
 * @typedef {{kind: string, text: string, label: number, answer: number, image: number}} Exercise as `page/text/exercises.py` makes it
 * @typedef {object} Situation
 * @property {import("../../state/session.js").OpenImage} open
 * @property {{isEmpty: boolean, best: number}} prediction
 * @property {number} epoch the epoch whose weights run; 0 for those of the end
 * @property {boolean} isChanged whether the reader has changed the open image
 * @property {string} ink the drawing in the address; "" while a stroke is drawn
 * @typedef {{ink?: string, epoch?: number, name?: string}} Begun what was predicted as the exercise's first class
 */

/** @type {Record<string, (exercise: Exercise, situation: Situation, begun: Begun) => boolean>} */
const CHECKS = {
  draw({label, answer}, {open, prediction: {best}, epoch, isChanged, ink}, begun) {
    if (open.source !== "drawing" || isChanged || !ink) return false;
    if (best === label) Object.assign(begun, {ink, epoch});
    return best === answer && begun.epoch === epoch && isContinued(begun.ink, ink);
  },
  turn({label, answer}, {open, prediction: {best}, epoch, isChanged}, begun) {
    if (open.source !== "test" || open.label !== label) return false;
    if (!isChanged && best === label) Object.assign(begun, {name: open.name, epoch});
    return isChanged && best === answer && begun.epoch === epoch && begun.name === open.name;
  },
  surest: ({image}, {open}) => isTestImage(open, image),
  back: ({image, label}, {open, prediction, epoch, isChanged}) =>
    isTestImage(open, image) && epoch > 0 && !isChanged && prediction.best === label,
};

/** @param {Begun} begun kept for this exercise from one check to the next @returns {boolean} of a kind that is not known: never */
export function isDone(exercise, situation, begun) {
  return CHECKS[exercise.kind]?.(exercise, situation, begun) ?? false;
}

/** Whether a drawing has more strokes than an earlier one, and begins where it did; a long one is simplified from its second point on. */
function isContinued(before, now) {
  const [earlier, later] = [before, now].map((ink) => ink.split("."));
  const begin = ([stroke]) => stroke.slice(0, stroke.indexOf("~") + 6);
  return later.length > earlier.length && begin(later) === begin(earlier);
}

function isTestImage(open, index) {
  return open.source === "test" && open.index === index;
}
