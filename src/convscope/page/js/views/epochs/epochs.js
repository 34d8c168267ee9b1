import {newAsk, newElement} from "../../dom/element.js";
import {mountLive} from "../../dom/mount.js";
import {filmFrames} from "../../state/epochs.js";
import {startCurves} from "./curves.js";
import {makeProjector, newFilmControl, newFilmStrip} from "./slider.js";

/**
 * How it learned: the curves, and the film, which sets the epoch whose weights run everywhere on the page.
 *
 * @param {Document} page
 * @param {import("../../state/session.js").Live} live
 */
export function startFilm(page, live) {
  const frames = filmFrames(live.payload);
  const canRun = frames.length > 1 && live.network;
  startCurves(page, live, canRun ? frames : []);
  const mount = page.querySelector('[data-live="film"]');
  if (!mount || !canRun) return;
  const {test, epochs} = live.payload.metrics;
  const projector = makeProjector(live, frames);
  mountLive(page, "film", newFilmControl(page, projector, frames, live.payload), newFilmReading(page, frames, epochs));
  page.body.append(newFilmStrip(page, projector, frames, {slider: mount, tested: test.n}));
}

/** What moves, and how it was measured. */
function newFilmReading(page, frames, epochs) {
  const kept = frames.length < epochs ? ` Of the ${epochs} epochs the page keeps ${frames.length}.` : "";
  return newElement(
    page, "p", {className: "reading"},
    "The slider sets the weights that run on this page: kernels, maps and the answer for the open image, your drawing too, " +
      `and the confusion matrix move with it.${kept} The test images were put to each epoch's network ` +
      "when the training was over",
    newAsk(page, "film"), ", so nothing was chosen by them.",
  );
}
