import {newElement, quotedName, refill} from "../../dom/element.js";
import {formatPercent, formatProbability, formatWhole} from "../../dom/format.js";
import {mountLive} from "../../dom/mount.js";
import {areInk} from "../../dom/picture.js";
import {nextSlice} from "../../dom/scheduling.js";
import {afterText, epochFrames, frameAt} from "../../state/epochs.js";
import {startImageDetails} from "../image-details/image-details.js";
import {cachePredictions} from "../image-details/predictions-by-epoch.js";
import {makeTriage} from "../image-details/triage.js";
import {newClassBars} from "./class-bars.js";
import {confusedPairs, errorCount, supportOf} from "./confusion-counts.js";
import {makeMatrix, newMatrixLegend} from "./confusion-matrix.js";
import {makeGallery} from "./gallery.js";
import {makeLinkedHighlight} from "./linked-highlight.js";
import {linkClassTable, linkPairTable} from "./linked-tables.js";
import {makeCellView} from "./matrix-cell.js";
import {ALL_MISTAKES, orderedRows, selectedRows} from "./selection.js";

/** Confidence above which an error counts as confident. */
const HIGH_CONFIDENCE = 0.9;

/**
 * Start the results: confusion matrix, classes, gallery, image details.
 *
 * Without embedded test images the static figures stay.
 */
export async function startResults(page, session) {
  const {test} = session.images;
  if (!test?.count) return;
  const {metrics, dataset} = session.payload;
  const shared = {
    names: dataset.class_names, isInk: areInk(test), highlight: makeLinkedHighlight(), frames: epochFrames(session.payload),
    triage: makeTriage(metrics.mistakes),
  };
  const open = (name) => session.openImage(name);
  const openFromGallery = (name) => {
    open(name);
    theCase.node.scrollIntoView({block: "nearest"}); // on a phone it stands above the tiles
  };
  const isPast = () => afterText(shared.frames, session.state.epoch) !== "";
  const gallery = makeGallery(page, test, {...shared, tested: metrics.test.n, open: openFromGallery, isPast});
  const showInGallery = (selection, order) => {
    gallery.choose(selection, order);
    page.getElementById("every-image").scrollIntoView({block: "start"});
    gallery.controls.querySelector("select").focus({preventScroll: true});
  };
  await nextSlice();
  const cell = startMatrix(page, session, {...shared, open});
  await nextSlice();
  mountLive(page, "classes", newClassBars(page, {
    scores: metrics.test.per_class, accuracy: metrics.test.accuracy, highlight: shared.highlight,
    choose: (truth) => showInGallery({truth}),
  }));
  linkClassTable(page, shared.names, shared.highlight, showInGallery);
  linkPairTable(page, shared.names, showInGallery);

  const step = (row, by) => {
    const name = gallery.neighbour(row, by);
    if (name) open(name);
  };
  const theCase = startImageDetails(page, session, {...shared, step, placeInGallery: gallery.placeOf});
  gallery.onChange(() => theCase.followGallery());
  const worst = selectedRows(test, ALL_MISTAKES);
  const title = page.querySelector('[data-live="gallery-title"]');
  const mistakes = orderedRows(worst, test, "surest");
  if (title && worst.length) refill(title, ...mistakesTitle(mistakes, test, shared.names, metrics.test.errors));
  mountLive(page, "gallery-title");
  const both = newElement(page, "div", {class: "gallery-and-details"}, gallery.node, theCase.node);
  mountLive(page, "gallery", gallery.controls, both);

  const markOpen = () => {
    for (const view of [gallery, cell]) view?.markOpen(session.open.name);
  };
  session.subscribe((_, changed) => {
    if (changed.has("open")) markOpen();
    if (changed.has("epoch")) gallery.summarise();
  });
  markOpen();
}

/** Return `All 60 mistakes, most confident first: “5” predicted as “6” with 99.7%; 13 of them above 90%`.. */
function mistakesTitle(rows, {labels, predictions, confidence}, names, errors) {
  const [first] = rows;
  const sure = rows.filter((row) => confidence[row] > HIGH_CONFIDENCE).length;
  const some = rows.length < errors ? `${formatWhole(rows.length)} of ${formatWhole(errors)}` : `All ${formatWhole(errors)}`;
  const all = errors === 1 ? "One mistake: " : `${some} mistakes, most confident first: `;
  const number = sure === 0 ? "none" : `${sure === 1 ? "one" : formatWhole(sure)} of them`;
  const others = rows.length === 1 ? "" : `; ${number} above ${formatPercent(HIGH_CONFIDENCE, 0)}`;
  const certainty = ` with ${formatProbability(confidence[first], 1)}${others}`;
  return [all, ...quotedName(names[labels[first]]), " predicted as ", ...quotedName(names[predictions[first]]), certainty];
}

/** Start the matrix with the images of one cell, for the open epoch. */
function startMatrix(page, session, {names, isInk, highlight, frames, open}) {
  const {test} = session.payload.metrics;
  const finished = {epoch: 0, isLast: true, confusion: test.confusion};
  const matrices = [test.confusion, ...frames.map(({confusion}) => confusion).filter(Boolean)];
  const most = Math.max(...matrices.map((counts) => confusedPairs(counts)[0]?.count ?? 0));
  const note = newElement(page, "p", {class: "epoch-note", "aria-live": "polite"});
  const first = confusedPairs(test.confusion)[0] ?? {truth: 0, predicted: 0};
  let chosen = {truth: first.truth, predicted: first.predicted};
  const matrix = makeMatrix(page, {
    names, counts: test.confusion, highlight,
    choose(truth, predicted) {
      chosen = {truth, predicted};
      showCell();
    },
  });
  const cell = makeCellView(page, session, {names, isInk, highlight, open, answersAt: cachePredictions(session)});
  highlight.subscribe((lit) => matrix.light(lit));

  const frame = () => {
    const found = frames[frameAt(frames, session.state.epoch)];
    return found?.confusion ? found : finished;
  };
  const showCell = () => {
    const {confusion, isLast, epoch} = frame();
    matrix.markChosen(chosen.truth, chosen.predicted);
    const [row, count] = [confusion[chosen.truth], confusion[chosen.truth][chosen.predicted]];
    cell.show({...chosen, count, support: supportOf(row), epoch: isLast ? 0 : epoch});
  };
  const showFrame = () => {
    const {confusion, isLast} = frame();
    matrix.show(confusion, most);
    const when = afterText(frames, session.state.epoch);
    note.hidden = !when;
    const wrong = `${formatWhole(errorCount(confusion))} errors in ${formatWhole(test.n)}`;
    refill(note, isLast && when ? "There is no matrix for this epoch; this one is for the trained network." : `${when}: ${wrong}`);
    showCell();
  };
  const legend = newMatrixLegend(page, most, matrices.length > 2);
  const side = newElement(page, "div", {class: "matrix-side"}, note, matrix.node, legend);
  mountLive(page, "matrix", newElement(page, "div", {class: "matrix-and-cell"}, side, cell.node));
  session.subscribe((_, changed) => changed.has("epoch") && showFrame());
  showFrame();
  return cell;
}
