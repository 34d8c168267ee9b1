import {confusedPairs, errorCount} from "../../data/confusion-counts.js";
import {newElement, writeText} from "../../dom/element.js";
import {formatCount} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {drawWhenVisible} from "../../dom/scheduling.js";
import {onThemeChange} from "../../dom/theme-colors.js";
import {comparedClasses} from "../../network/softmax.js";
import {epochProbabilities, frameAt} from "../../state/epochs.js";
import {newProbabilityCourse} from "./probability-course.js";

/** Small pictures beside the curves, of what the open epoch changes; each leads to what it is a picture of. */

/** Pixels of the page that the matrix is wide, about. */
const MATRIX_SIDE = 150;

/** @returns {HTMLElement} of a session with two frames at least */
export function newLinkedPictures(session) {
  const views = [confusionView(session), openImageView(session)].filter(Boolean);
  for (const {node, draw, follows} of views) {
    const redraw = drawWhenVisible(node, draw);
    onThemeChange(session, redraw);
    session.follow([follows], redraw);
  }
  return newElement("div", {class: "linked-pictures"}, ...views.map(({node}) => node));
}

/** A box with a title, a picture and a sentence. */
function newBox(title, picture, sentence) {
  return newElement("section", {class: "linked"}, newElement("h3", {}, title), picture, sentence);
}

function confusionView(session) {
  const {frames} = session;
  const counts = frames.map(({confusion}) => confusion);
  if (!counts.every(Boolean)) return null;
  const classes = counts[0].length;
  const most = Math.max(1, ...counts.map((matrix) => confusedPairs(matrix)[0]?.count ?? 0));
  const side = Math.max(1, Math.floor(MATRIX_SIDE / classes));
  const canvas = newElement("canvas", {width: classes * side, height: classes * side, role: "img"});
  const link = newElement("a", {href: "#figure-confusion_matrix"}, canvas);
  const sentence = newElement("p");
  const draw = () => {
    const {epoch, confusion} = frames[frameAt(frames, session.state.epoch)];
    const context = canvas.getContext("2d");
    const style = getComputedStyle(document.documentElement);
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
  return {node: newBox("Confusion matrix", link, sentence), draw, follows: "epoch"};
}

function openImageView(session) {
  const probabilitiesOf = epochProbabilities(session);
  const box = newElement("div", {class: "image-course"});
  const sentence = newElement("p");
  let [chart, asked] = [null, 0];
  const draw = async () => {
    const {open} = session;
    const round = ++asked;
    const probabilities = await probabilitiesOf(open.pixels, () => round === asked);
    if (!probabilities || round !== asked) return;
    const classes = comparedClasses(probabilities.at(-1), open.label);
    chart = newProbabilityCourse(session, {width: 300, height: 160, probabilities, label: open.label, ...classes});
    box.replaceChildren(...chart.nodes);
    writeText(sentence, imageTitle(open));
    chart.mark();
  };
  session.follow(["epoch"], () => chart?.mark());
  return {node: newBox("Probability of the open image", box, sentence), draw, follows: "open"};
}
