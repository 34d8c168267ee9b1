import {confusedPairs, errorCount, supportOf} from "../../data/confusion-counts.js";
import {newElement, quotedName, titleSetter, mountLive} from "../../dom/element.js";
import {formatCount, formatPercent, formatWhole, nounFor} from "../../dom/format.js";
import {afterText, frameAt} from "../../state/epochs.js";
import {cachePredictions} from "../image-details/predictions-by-epoch.js";
import {makeMatrix, newMatrixLegend} from "./confusion-matrix.js";
import {makeImageWall} from "./image-wall.js";
import {selectedRows} from "./selection.js";

/** Tiles per page next to the matrix: about as high as it. */
const CELL_PAGE = 6;

/**
 * Start the matrix with recall by class, and the images of the chosen cell beside it, for the open epoch.
 * @typedef {import("./linked-highlight.js").Lighting} Lighting
 * @typedef {import("./selection.js").Selection} Selection
 * @param {{highlight: Lighting, goToGallery: (selection: Partial<Selection>) => void}} shared
 */
export function startMatrix(session, shared) {
  const {highlight} = shared;
  const {names, frames, payload: {metrics: {test}}} = session;
  const finished = {epoch: 0, isLast: true, confusion: test.confusion};
  const matrices = [test.confusion, ...frames.map(({confusion}) => confusion).filter(Boolean)];
  const most = Math.max(...matrices.map((counts) => confusedPairs(counts)[0]?.count ?? 0));
  const first = confusedPairs(test.confusion)[0] ?? {truth: 0, predicted: 0};
  let chosen = {truth: first.truth, predicted: first.predicted};
  const choose = (truth, predicted) => {
    chosen = {truth, predicted};
    showCell();
  };
  const matrix = makeMatrix({names, counts: test.confusion, highlight, choose});
  const wall = makeImageWall(session, {...shared, size: CELL_PAGE, label: "Images of this cell"});
  const showImages = makeCellImages(session, wall);
  const setTitle = titleSetter("confusion_matrix");
  highlight.subscribe(matrix.light);

  const frame = () => {
    const found = frames[frameAt(frames, session.state.epoch)];
    return found?.confusion ? found : finished;
  };
  const showCell = () => {
    const {confusion, isLast, epoch} = frame();
    matrix.markChosen(chosen.truth, chosen.predicted);
    showImages({...chosen, confusion, epoch: isLast ? 0 : epoch});
  };
  const showFrame = () => {
    const {confusion, isLast} = frame();
    matrix.show(confusion, most);
    const when = afterText(frames, session.state.epoch);
    const isMissing = when && isLast;
    const past = isMissing ? "There is no matrix of this epoch: this is the trained network’s" : `${when}: ${pastTitle(confusion, names)}`;
    setTitle(when && past);
    showCell();
  };
  const signs = document.querySelector('[data-live="matrix"] .key');
  const side = newElement("div", {class: "matrix-side"}, matrix.node, newMatrixLegend(most, matrices.length > 2), signs);
  mountLive("matrix", newElement("div", {class: "matrix-and-wall"}, side, wall.node));
  session.follow(["epoch"], showFrame);
}

/** Return the title of the matrix for an earlier epoch, as `figures/` write that of the last. */
function pastTitle(counts, names) {
  const total = counts.reduce((sum, row) => sum + supportOf(row), 0);
  const [pair] = confusedPairs(counts);
  const often = pair ? `, “${names[pair.truth]}” predicted as “${names[pair.predicted]}” ${formatCount(pair.count, "time")}` : "";
  return `${formatWhole(errorCount(counts))} of ${formatWhole(total)} test images ${nounFor(errorCount(counts), "is", "are")} misclassified${often}`;
}

/** Return a function that shows the images of a cell; predicted −1 stands for all errors of the class. */
function makeCellImages(session, wall) {
  const {names, images: {test}} = session;
  const answersAt = cachePredictions(session);
  let asked = 0;
  return async ({truth, predicted, confusion, epoch}) => {
    const mine = ++asked;
    const isWanted = () => mine === asked;
    const support = supportOf(confusion[truth]);
    const count = predicted < 0 ? support - confusion[truth][truth] : confusion[truth][predicted];
    const cell = {said: cellSentence(names, {truth, predicted, count, support}), count, rows: new Uint32Array()};
    const members = selectedRows(test, {truth, predicted: -1, outcome: "all"});
    if (epoch) wall.show({...cell, about: `Running the network of epoch ${epoch} on ${formatCount(members.length, "image")} …`});
    const answers = await answersAt(epoch, members, isWanted);
    if (!isWanted()) return;
    if (!answers) {
      wall.show({...cell, about: "This page cannot compute which images these are."});
      return;
    }
    const isRight = truth === predicted;
    const isIn = (row) => (predicted < 0 ? answers.predictions[row] !== truth : answers.predictions[row] === predicted);
    const rows = Uint32Array.from(members).filter(isIn);
    const selection = epoch ? null : {truth, predicted, outcome: isRight ? "all" : "wrong"};
    wall.show({...cell, rows, answers, order: isRight ? "doubtful" : "surest", selection});
  };
}

/** Return `6 of the 958 images of “6” were predicted as “1”: 0.63%.` */
function cellSentence(names, {truth, predicted, count, support}) {
  const wrong = predicted < 0 ? ["misclassified"] : ["predicted as ", ...quotedName(names[predicted])];
  const called = truth === predicted ? ["predicted correctly"] : wrong;
  const number = count === 0 ? "None" : formatWhole(count);
  const share = support ? `: ${formatPercent(count / support)}` : "";
  const images = `${number} of the ${formatWhole(support)} images of `;
  return [images, ...quotedName(names[truth]), ` ${nounFor(count, "was", "were")} `, ...called, `${share}.`];
}
