/**
 * When an exercise is done. Pure: knows no document.
 *
 * @typedef {{kind: string, text: string, label: number, answer: number, image: number}} Exercise as `exercises.py` makes it
 * @typedef {object} Situation
 * @property {import("../live.js").OpenImage} open
 * @property {{isEmpty: boolean, best: number}} reply
 * @property {number} epoch the epoch whose weights run; 0 for those of the end
 * @property {boolean} isChanged whether the reader has changed the open image
 */

/** @type {Record<string, (exercise: Exercise, situation: Situation) => boolean>} */
const CHECKS = {
  draw: ({answer}, {open, reply}) => open.source === "drawing" && !reply.isEmpty && reply.best === answer,
  turn: ({label, answer}, {open, reply, isChanged}) =>
    isChanged && open.source === "test" && open.label === label && reply.best === answer,
  surest: ({image}, {open}) => isTestImage(open, image),
  back: ({image, label}, {open, reply, epoch, isChanged}) =>
    isTestImage(open, image) && epoch > 0 && !isChanged && reply.best === label,
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
