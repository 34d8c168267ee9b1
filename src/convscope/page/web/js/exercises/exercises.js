import {replyOf} from "../answer/reply.js";
import {isDone} from "./checks.js";

/**
 * The things to try: each is ticked off when the reader has done it, and stays so.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 */
export function startExercises(page, live) {
  const box = page.querySelector("[data-live=exercises]");
  if (!box || !live.run) return;
  box.removeAttribute("hidden");
  const waiting = new Map(live.payload.exercises.map((exercise, place) => [exercise, itemAt(box, place)]));
  const check = () => {
    const {open, state} = live;
    const situation = {open, reply: replyOf(live), epoch: state.epoch, isChanged: state.change !== ""};
    for (const [exercise, item] of waiting) {
      if (!isDone(exercise, situation)) continue;
      item.classList.add("is-done");
      item.querySelector(".outcome").textContent = "✓ Done";
      waiting.delete(exercise);
    }
  };
  live.subscribe((_, changed) => {
    if (waiting.size && (changed.has("run") || changed.has("open"))) check();
  });
  check();
}

function itemAt(box, place) {
  return box.querySelector(`[data-exercise="${place}"]`);
}
