import {newElement, newGlossaryButton} from "../../dom/element.js";
import {mountLive} from "../../dom/mount.js";
import {epochFrames} from "../../state/epochs.js";
import {startCurves} from "./curves.js";
import {newLinkedPictures} from "./linked-pictures.js";
import {newEpochControl} from "./slider.js";

/** Start the curves of the training section, and the strip of the stage that selects the epoch whose weights the page runs. */
export function startEpochs(page, session) {
  const {metrics: {epochs}} = session.payload;
  const frames = epochFrames(session.payload);
  const canRun = frames.length > 1 && session.network;
  startCurves(page, session, canRun ? frames : []);
  if (!canRun) return;
  mountLive(page, "epoch-pictures", newLinkedPictures(page, session, frames));
  mountLive(page, "epochs", newEpochControl(page, session, frames));
  const kept = frames.length < epochs ? `Snapshots of ${frames.length} of the ${epochs} epochs` : "The epoch snapshots";
  mountLive(page, "epochs-note", newElement(
    page, "p", {class: "reading"}, kept, newGlossaryButton(page, "epoch snapshots"),
    " were evaluated on the test images after training had finished, so no choice depended on them.",
  ));
}
