import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement, refill} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {newPicture, paintPicture} from "../../dom/picture.js";
import {afterText} from "../../state/epochs.js";
import {makeEvidenceDetails} from "./evidence.js";
import {newProbabilityTable} from "./probabilities.js";
import {answerAbout, subjectOf, subjectTitle, subjectOutcome, testRowOf} from "./subject.js";
import {newTriageView} from "./triage.js";

/** Side of the picture, and the milliseconds without a change before the slow parts start. */
const DETAILS_SIDE = 168;
const REST = 250;

/**
 * Show the details of the open image: prediction, true class, nearest neighbours, training course.
 *
 * @param {object} options
 * @param {string[]} options.names
 * @param {boolean} options.isInk
 * @param {import("../../state/epochs.js").Frame[]} options.frames
 * @param {import("./triage.js").Triage} options.triage
 * @param {(row: number | null, by: number) => void} options.step from a test image to another of the gallery
 * @param {(row: number | null) => {place: number, count: number}} options.placeInGallery of a test image
 * @returns {{node: HTMLElement, followGallery: () => void}}
 */
export function startImageDetails(page, session, {names, isInk, frames, triage, step, placeInGallery}) {
  const [height, width, channels] = session.payload.dataset.image_shape;
  const picture = newPicture(page, {height, width}, {side: DETAILS_SIDE, isInk});
  const title = newElement(page, "h4", {class: "details-title"});
  const said = newElement(page, "p", {class: "details-prediction"});
  const answers = newElement(page, "div");
  const hinted = newElement(page, "div");
  const evidence = makeEvidenceDetails(page, session, {names, isInk, frames});
  const stepper = makeStepper(page, (by) => step(testRowOf(subject), by));
  const head = newElement(page, "div", {class: "details-head"}, picture, newElement(page, "div", {}, title, said));
  const attributes = {class: "image-details", "aria-label": "Details of one image"};
  const node = newElement(page, "section", attributes, stepper.node, head, answers, hinted, evidence.node);
  let subject = subjectOf(session);
  let timer = 0;
  refill(title, subjectTitle(subject));

  const draw = drawWhenVisible(node, () => {
    subject = subjectOf(session);
    const {open, run} = subject;
    paintPicture(picture, {height, width, channels}, open.pixels, isInk, 1);
    refill(title, subjectTitle(subject));
    refill(said, ...subjectOutcome(subject, answerAbout(session, subject), names, afterText(frames, session.state.epoch)));
    stepper.show(placeInGallery(testRowOf(subject)));
    answers.hidden = !run?.probabilities;
    if (run?.probabilities) answers.replaceChildren(newAnswers(run, open.label));
    const hint = open.source === "test" && open.pixels === open.original ? triage.triageOf(open.index) : null;
    hinted.replaceChildren(...(hint ? [newTriageView(page, hint)] : []));
    clearTimeout(timer);
    const isOwn = open.source === "drawing" || open.pixels !== open.original;
    timer = setTimeout(() => evidence.show(subject), isOwn ? REST : 0);
  });

  function newAnswers(run, label) {
    // The temperature was fitted to the final weights.
    const calibration = session.state.epoch ? null : session.payload.evidence?.temperature_scaling;
    return newProbabilityTable(page, run, {names, label, temperature: calibration?.temperature ?? null});
  }

  session.subscribe((_, changed) => {
    if (changed.has("open") || changed.has("run") || changed.has("epoch")) draw();
  });
  draw();
  return {node, followGallery: () => stepper.show(placeInGallery(testRowOf(subject)))};
}

/** Create buttons to step through the gallery in its order. */
function makeStepper(page, step) {
  const place = newElement(page, "span", {class: "place"});
  const button = (text, label, by) => {
    const node = newElement(page, "button", {type: "button", "aria-label": label}, text);
    node.addEventListener("click", () => node.getAttribute("aria-disabled") === "true" || step(by));
    return node;
  };
  const [back, forth] = [button("‹", "Previous image of the gallery", -1), button("›", "Next image of the gallery", 1)];
  return {
    node: newElement(page, "div", {class: "pager stepper"}, back, place, forth),
    show({place: at, count}) {
      refill(place, at < 0 ? `${formatWhole(count)} in the gallery` : `${formatWhole(at + 1)} of ${formatWhole(count)}`);
      back.setAttribute("aria-disabled", String(at <= 0));
      forth.setAttribute("aria-disabled", String(at >= count - 1));
    },
  };
}
