import {newElement, newGlossaryButton} from "../../dom/element.js";
import {mountLive} from "../../dom/mount.js";
import {startCurves} from "./curves.js";
import {newLinkedPictures} from "./linked-pictures.js";
import {newEpochControl} from "./slider.js";

/** Start the curves of the training section, and the strip of the stage that selects the epoch whose weights the page runs. */
export function startEpochs(session) {
  const {frames, payload: {metrics: {epochs}}} = session;
  const canRun = frames.length > 1 && session.network;
  startCurves(session, canRun ? frames : []);
  if (!canRun) return;
  mountLive("epoch-pictures", newLinkedPictures(session));
  mountLive("epochs", newEpochControl(session));
  const kept = frames.length < epochs ? `Snapshots of ${frames.length} of the ${epochs} epochs` : "The epoch snapshots";
  mountLive("epochs-note", newElement(
    "p", {class: "reading"}, kept, newGlossaryButton("epoch snapshots"),
    " were evaluated on the test images after training had finished, so no choice depended on them.",
  ));
}
