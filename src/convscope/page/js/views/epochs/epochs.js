import {newGlossaryButton, newElement} from "../../dom/element.js";
import {mountLive} from "../../dom/mount.js";
import {epochFrames} from "../../state/epochs.js";
import {startCurves} from "./curves.js";
import {makeEpochPlayer, newEpochControl, newEpochStrip} from "./slider.js";

/** Start the training section: curves, and the slider that selects the epoch whose weights the page runs. */
export function startEpochs(page, session) {
  const frames = epochFrames(session.payload);
  const canRun = frames.length > 1 && session.network;
  startCurves(page, session, canRun ? frames : []);
  const mount = page.querySelector('[data-live="epochs"]');
  if (!mount || !canRun) return;
  const {test, epochs} = session.payload.metrics;
  const player = makeEpochPlayer(session, frames);
  mountLive(page, "epochs", newEpochControl(page, player, frames, session.payload), newEpochCaption(page, frames, epochs));
  page.body.append(newEpochStrip(page, player, frames, {slider: mount, tested: test.n}));
}

/** Create the note on what the slider changes and how the snapshots were evaluated. */
function newEpochCaption(page, frames, epochs) {
  const kept = frames.length < epochs ? ` This page has snapshots of ${frames.length} of the ${epochs} epochs.` : "";
  return newElement(
    page, "p", {class: "reading"},
    "The slider selects the epoch whose weights this page runs. The kernels, the feature maps, the prediction for the open " +
      `image and the confusion matrix follow it.${kept} The snapshots were evaluated on the test images ` +
      "after training had finished",
    newGlossaryButton(page, "epoch snapshots"), ", so no choice depended on them.",
  );
}
