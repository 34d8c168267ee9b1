import {areInk} from "../../dom/picture.js";
import {epochFrames} from "../../state/epochs.js";
import {makeTriage} from "../image-details/triage.js";
import {makeLinkedHighlight} from "./linked-highlight.js";
import {linkClassTable, linkPairTable} from "./linked-tables.js";
import {startMatrix} from "./matrix-cell.js";
import {startMistakes} from "./mistakes.js";

/**
 * Start the results: confusion matrix, classes, gallery, image details.
 *
 * Without embedded test images the static figures stay.
 */
export function startResults(page, session) {
  const {test} = session.images;
  if (!test?.count) return;
  const {metrics, dataset} = session.payload;
  const shared = {
    names: dataset.class_names, isInk: areInk(test), highlight: makeLinkedHighlight(), frames: epochFrames(session.payload),
    triage: makeTriage(metrics.mistakes),
  };
  const showInGallery = startMistakes(page, session, shared);
  startMatrix(page, session, {...shared, goToGallery: showInGallery});
  linkClassTable(page, shared.names, shared.highlight, showInGallery);
  linkPairTable(page, shared.names, showInGallery);
}
