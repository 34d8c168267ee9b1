import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement, refill, writeText} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {newPicture, paintPicture} from "../../dom/picture.js";
import {afterText} from "../../state/epochs.js";
import {makeEvidenceDetails} from "./evidence.js";
import {newProbabilityTable} from "./probabilities.js";
import {makeLabelChoice} from "./label-choice.js";
import {answerAbout, subjectOutcome, testRowOf} from "./subject.js";
import {newTriageView} from "./triage.js";

/** Side of the picture, and the milliseconds without a change before the slow parts start. */
const DETAILS_SIDE = 84;
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
 * @param {import("../results/marks.js").Marks} options.marks
 * @param {string[]} options.keys of the classes
 * @param {() => void} options.close
 * @returns {{node: HTMLElement, followGallery: () => void}}
 */
export function startImageDetails(page, session, {names, isInk, frames, triage, step, placeInGallery, marks, keys, close}) {
  const [height, width, channels] = session.payload.dataset.image_shape;
  const picture = newPicture(page, {height, width}, {side: DETAILS_SIDE, isInk});
  const title = newElement(page, "h3", {class: "details-title"});
  const said = newElement(page, "p", {class: "details-prediction"});
  const answers = newElement(page, "div");
  const hinted = newElement(page, "div");
  const evidence = makeEvidenceDetails(page, session, {names, isInk, frames});
  const choice = makeLabelChoice(page, {names, keys, marks});
  const stepper = makeStepper(page, (by) => step(testRowOf(session), by), choice.toggle, close);
  const pad = newElement(page, "a", {href: "#playground"}, "Show on the pad");
  const head = newElement(page, "div", {class: "details-head"}, picture, newElement(page, "div", {}, title, said, pad));
  const attributes = {class: "image-details", "aria-label": "Details of one image"};
  const node = newElement(page, "section", attributes, stepper.node, head, answers, choice.node, hinted, evidence.node);
  let [timer, part] = [0, "triage"];
  const openPart = () => {
    for (const each of node.querySelectorAll("[data-part]")) each.open = each.dataset.part === part;
  };
  node.addEventListener("click", ({target}) => {
    const details = target.closest("summary")?.parentNode;
    if (details?.dataset.part) part = details.open ? "" : details.dataset.part; // the next image opens the same one
  });

  const draw = drawWhenVisible(node, () => {
    const subject = {open: session.open, run: session.run};
    const {open, run} = subject;
    paintPicture(picture, {height, width, channels}, open.pixels, isInk, 1);
    writeText(title, `${imageTitle(open)}${open.pixels === open.original ? "" : "; transformed"}`);
    refill(said, ...subjectOutcome(subject, answerAbout(session, subject), names, afterText(frames, session.state.epoch)));
    stepper.show(placeInGallery(testRowOf(subject)));
    choice.show(testRowOf(subject), open.label);
    answers.hidden = !run?.probabilities;
    if (run?.probabilities) answers.replaceChildren(newProbabilityTable(page, run, {names, label: open.label}));
    const hint = open.source === "test" && open.pixels === open.original ? triage.triageOf(open.index) : null;
    hinted.replaceChildren(...(hint ? [newTriageView(page, hint)] : []));
    clearTimeout(timer);
    const isOwn = open.source === "drawing" || open.pixels !== open.original;
    openPart();
    timer = setTimeout(() => evidence.show(subject).then(openPart), isOwn ? REST : 0);
  });

  session.subscribe((_, changed) => {
    if (changed.has("open") || changed.has("run") || changed.has("epoch")) draw();
  });
  draw();
  return {node, followGallery: () => stepper.show(placeInGallery(testRowOf(session)))};
}

/** Create buttons to step through the gallery in its order, and to close the case. */
function makeStepper(page, step, toggle, close) {
  const place = newElement(page, "span", {class: "place"});
  const button = (text, label, by) => {
    const click = ({currentTarget}) => currentTarget.getAttribute("aria-disabled") === "true" || step(by);
    return newElement(page, "button", {type: "button", "aria-label": label, click}, text);
  };
  const [back, forth] = [button("‹", "Previous image of the gallery", -1), button("›", "Next image of the gallery", 1)];
  const end = newElement(page, "button", {type: "button", class: "close", "aria-label": "Close the case", click: close}, "×");
  return {
    node: newElement(page, "div", {class: "pager stepper"}, back, place, forth, toggle, end),
    show({place: at, count}) {
      refill(place, at < 0 ? `${formatWhole(count)} in the gallery` : `${formatWhole(at + 1)} of ${formatWhole(count)}`);
      back.setAttribute("aria-disabled", String(at <= 0));
      forth.setAttribute("aria-disabled", String(at >= count - 1));
    },
  };
}
