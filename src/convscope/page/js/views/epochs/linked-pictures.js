import {confusedPairs, errorCount} from "../../data/confusion-counts.js";
import {newProbabilityCourse} from "../../dom/chart/probability-course.js";
import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement, writeText} from "../../dom/element.js";
import {formatCount} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {onThemeChange} from "../../dom/theme-colors.js";
import {comparedClasses} from "../../network/temperature.js";
import {epochProbabilities} from "../../state/epoch-probabilities.js";
import {frameAt, stateEpoch} from "../../state/epochs.js";

/** Small pictures beside the curves, of what the open epoch changes; each leads to what it is a picture of. */

/** Pixels of the page that the matrix is wide, about. */
const MATRIX_SIDE = 150;

/**
 * @param {import("../../state/epochs.js").Frame[]} frames at least two
 * @returns {HTMLElement}
 */
export function newLinkedPictures(page, session, frames) {
  const views = [confusionView, openImageView].map((make) => make(page, session, frames)).filter(Boolean);
  for (const {node, draw, follows} of views) {
    const redraw = drawWhenVisible(node, draw);
    session.subscribe((_, changed) => changed.has(follows) && redraw());
    onThemeChange(session, redraw);
    redraw();
  }
  return newElement(page, "div", {class: "linked-pictures"}, ...views.map(({node}) => node));
}

/** A box with a title, a picture and a sentence. */
function newBox(page, title, picture, sentence) {
  return newElement(page, "section", {class: "linked"}, newElement(page, "h3", {}, title), picture, sentence);
}

function confusionView(page, session, frames) {
  const counts = frames.map(({confusion}) => confusion);
  if (!counts.every(Boolean)) return null;
  const classes = counts[0].length;
  const most = Math.max(1, ...counts.map((matrix) => confusedPairs(matrix)[0]?.count ?? 0));
  const side = Math.max(1, Math.floor(MATRIX_SIDE / classes));
  const canvas = newElement(page, "canvas", {width: classes * side, height: classes * side, role: "img"});
  const link = newElement(page, "a", {href: "#figure-confusion_matrix"}, canvas);
  const sentence = newElement(page, "p");
  const draw = () => {
    const {epoch, confusion} = frames[frameAt(frames, session.state.epoch)];
    const context = canvas.getContext("2d");
    const style = getComputedStyle(page.documentElement);
    context.clearRect(0, 0, canvas.width, canvas.height);
    confusion.forEach((row, truth) => row.forEach((count, predicted) => {
      context.fillStyle = style.getPropertyValue(truth === predicted ? "--right" : count ? "--error" : "--wash");
      context.globalAlpha = truth === predicted || !count ? 1 : 0.25 + 0.75 * Math.sqrt(count / most);
      context.fillRect(predicted * side, truth * side, side - (side > 4), side - (side > 4));
    }));
    const errors = formatCount(errorCount(confusion), "error");
    canvas.setAttribute("aria-label", `Confusion matrix after epoch ${epoch}: ${errors}`);
    writeText(sentence, `${errors} after epoch ${epoch}`);
  };
  return {node: newBox(page, "Confusion matrix", link, sentence), draw, follows: "epoch"};
}

function openImageView(page, session, frames) {
  const probabilitiesOf = epochProbabilities(session, frames);
  const box = newElement(page, "div", {class: "image-course"});
  const sentence = newElement(page, "p");
  let [chart, asked] = [null, 0];
  const mark = () => chart?.mark(frameAt(frames, session.state.epoch));
  const draw = async () => {
    const {open, payload: {dataset: {class_names: names}}} = session;
    const round = ++asked;
    const probabilities = await probabilitiesOf(open.pixels, () => round === asked);
    if (!probabilities || round !== asked) return;
    chart = newProbabilityCourse(page, {
      width: 300, height: 160, epochs: frames.map(({epoch}) => epoch), probabilities, names, label: open.label,
      ...comparedClasses(probabilities.at(-1), open.label), onPick: (place) => session.set({epoch: stateEpoch(frames[place])}),
    });
    box.replaceChildren(...chart.nodes);
    writeText(sentence, imageTitle(open));
    mark();
  };
  session.subscribe((_, changed) => changed.has("epoch") && mark());
  return {node: newBox(page, "Probability of the open image", box, sentence), draw, follows: "open"};
}
