import {newElement, quotedName, refill, writeText, newGlossaryButton} from "../../dom/element.js";
import {formatWhole, formatProbability} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {newPicture, paintInputs} from "../../dom/picture.js";
import {drawWhenVisible} from "../../dom/scheduling.js";
import {largestOf, rankedIndices} from "../../network/softmax.js";
import {afterText} from "../../state/epochs.js";
import {makeEvidenceDetails} from "./evidence.js";
import {newTriageView} from "./triage.js";

/** Side of the picture, and the milliseconds without a change before the slow parts start. */
const DETAILS_SIDE = 84;
const REST = 250;

/**
 * Show the details of the open image: prediction, true class, nearest neighbours, training course.
 * @param {import("./triage.js").Triage} options.triage
 * @param {(row: number | null, by: number) => void} options.step from a test image to another of the gallery
 * @param {(row: number | null) => {place: number, count: number}} options.placeInGallery of a test image
 * @param {import("../results/marks.js").Marks} options.marks
 * @param {string[]} options.keys of the classes
 * @param {() => void} options.close
 * @returns {{node: HTMLElement, followGallery: () => void}}
 */
export function startImageDetails(session, {triage, step, placeInGallery, marks, keys, close}) {
  const {names} = session;
  const picture = newPicture(session.shape, DETAILS_SIDE, session.isInk);
  const title = newElement("h3", {class: "details-title"});
  const said = newElement("p", {class: "details-prediction"});
  const answers = newElement("div");
  const hinted = newElement("div");
  const evidence = makeEvidenceDetails(session);
  const choice = makeLabelChoice({names, keys, marks});
  const stepper = makeStepper((by) => step(testRowOf(session), by), choice.toggle, close);
  const pad = newElement("a", {href: "#playground"}, "Show on the pad");
  const head = newElement("div", {class: "details-head"}, picture, newElement("div", {}, title, said, pad));
  const attributes = {class: "image-details", "aria-label": "Details of one image"};
  const node = newElement("section", attributes, stepper.node, head, answers, choice.node, hinted, evidence.node);
  let [timer, part] = [0, "triage"];
  const openPart = () => {
    for (const each of node.querySelectorAll("[data-part]")) each.open = each.dataset.part === part;
  };
  node.addEventListener("click", ({target}) => {
    const details = target.closest("summary")?.parentNode;
    if (details?.dataset.part) part = details.open ? "" : details.dataset.part; // the next image opens the same one
  });

  const draw = drawWhenVisible(node, () => {
    const {open, run} = session;
    const answer = answerAbout(session);
    paintInputs(picture, session, open.pixels);
    writeText(title, `${imageTitle(open)}${open.pixels === open.original ? "" : "; transformed"}`);
    refill(said, ...outcomeParts(session, answer));
    stepper.show(placeInGallery(testRowOf(session)));
    choice.show(testRowOf(session), open.label);
    answers.hidden = !run?.probabilities;
    if (run?.probabilities) answers.replaceChildren(newProbabilityTable(run, {names, label: open.label}));
    const hint = open.source === "test" && open.pixels === open.original ? triage.triageOf(open.index) : null;
    hinted.replaceChildren(...(hint ? [newTriageView(hint)] : []));
    clearTimeout(timer);
    const isOwn = open.source === "drawing" || open.pixels !== open.original;
    openPart();
    timer = setTimeout(() => evidence.show(open, answer).then(openPart), isOwn ? REST : 0);
  });

  session.follow(["open", "run", "epoch"], draw);
  return {node, followGallery: () => stepper.show(placeInGallery(testRowOf(session)))};
}

/** Return the class that the open image is called: by the network, or where that cannot run here, as it was measured, or −1. */
function answerAbout({images, open, run}) {
  if (run?.probabilities) return largestOf(run.probabilities);
  return open.source === "test" ? images.test.predictions[open.row] : -1;
}

/** Return the row of the open image among the test images, if it is one. */
function testRowOf({open}) {
  return open.source === "test" ? open.row : null;
}

/** Return `true class “5”, predicted as “6”`, with the epoch where it is not the last. */
function outcomeParts({names, frames, open, state}, answer) {
  if (answer < 0) return ["The network cannot run in this page."];
  const when = afterText(frames, state.epoch);
  const called = quotedName(names[answer]);
  const tail = when ? [`, ${when}`] : [];
  if (open.label === null) return ["predicted as ", ...called, ...tail];
  if (answer === open.label) return ["true class ", ...called, ", predicted correctly", ...tail];
  return ["true class ", ...quotedName(names[open.label]), ", predicted as ", ...called, ...tail];
}

/** Create buttons to step through the gallery in its order, and to close the case. */
function makeStepper(step, toggle, close) {
  const place = newElement("span", {class: "place"});
  const button = (text, label, by) => {
    const click = ({currentTarget}) => currentTarget.getAttribute("aria-disabled") === "true" || step(by);
    return newElement("button", {type: "button", "aria-label": label, click}, text);
  };
  const [back, forth] = [button("‹", "Previous image of the gallery", -1), button("›", "Next image of the gallery", 1)];
  const end = newElement("button", {type: "button", class: "close", "aria-label": "Close the case", click: close}, "×");
  return {
    node: newElement("div", {class: "pager stepper"}, back, place, forth, toggle, end),
    show({place: at, count}) {
      refill(place, at < 0 ? `${formatWhole(count)} in the gallery` : `${formatWhole(at + 1)} of ${formatWhole(count)}`);
      back.setAttribute("aria-disabled", String(at <= 0));
      forth.setAttribute("aria-disabled", String(at >= count - 1));
    },
  };
}

/**
 * The reader's correction of a label: whether it is wrong, the right class, a note.
 * @param {{names: string[], keys: string[], marks: import("../results/marks.js").Marks}} options `keys`: those of the classes
 * @returns {{toggle: HTMLElement, node: HTMLElement, show: (row: number | null, label: number | null) => void}} `row`: null for no test image
 */
function makeLabelChoice({names, keys, marks}) {
  let [row, given] = [null, null];
  const toggle = newElement("button", {type: "button", class: "mark-button", click: () => marks.toggle(row)}, "Wrong label");
  const options = names.map((name, label) => newElement("option", {value: label}, keys[label] && keys[label] !== name ? `${keys[label]}: ${name}` : name));
  const change = () => marks.set(row, {label: Number(select.value)});
  const select = newElement("select", {change}, newElement("option", {value: -1}, "unknown"), ...options);
  const note = newElement("input", {type: "text", maxlength: 200, input: () => marks.set(row, {note: note.value})});
  const field = (title, control) => newElement("label", {}, newElement("span", {}, title), control);
  const fields = newElement("div", {class: "choices"}, field("Correct class", select), field("Note", note));
  const node = newElement("div", {class: "label-choice"}, fields);

  function show(newRow, label) {
    [row, given] = [newRow, label];
    const mark = marks.all.get(row);
    toggle.hidden = row === null;
    toggle.setAttribute("aria-pressed", String(Boolean(mark)));
    fields.hidden = !mark;
    options.forEach((option, place) => (option.hidden = option.disabled = place === given));
    select.value = String(mark?.label ?? -1);
    if (note.value !== (mark?.note ?? "")) note.value = mark?.note ?? "";
  }

  marks.subscribe(() => show(row, given));
  return {toggle, node, show};
}

/** The most probable classes of an image as a small table with bars. */

/** Number of classes in the table; the true class is added if it is not among them. */
const CLASSES_SHOWN = 3;

function newProbabilityTable({probabilities}, {names, label}) {
  const ranked = rankedIndices(probabilities);
  const shown = ranked.slice(0, CLASSES_SHOWN);
  if (label !== null && !shown.includes(label)) shown.push(label);
  const head = newElement(
    "tr", {}, newElement("th", {scope: "col"}, "Class"),
    newElement("th", {scope: "col", class: "n"}, "Probability", newGlossaryButton("confidence")),
  );
  const bar = (share) =>
    newElement("span", {class: "bar", "aria-hidden": "true"}, newElement("span", {style: {width: `${100 * share}%`}}));
  const rows = shown.map((each) =>
    newElement(
      "tr", {class: classOfRow(each, ranked[0], label)},
      newElement("th", {scope: "row", title: names[each]}, newMark(each, ranked[0], label), {name: names[each]}),
      newElement("td", {class: "n"}, formatProbability(probabilities[each]), bar(probabilities[each])),
    ));
  const caption = newElement("caption", {class: "visually-hidden"}, "The most probable classes");
  const [top, body] = [newElement("thead", {}, head), newElement("tbody", {}, ...rows)];
  return newElement("table", {class: "answers"}, caption, top, body);
}

function classOfRow(each, called, label) {
  if (label === null) return each === called ? "called" : "";
  return each === label ? "right" : each === called ? "wrong" : "";
}

/** Create a mark for the true or the wrong class, with a text alternative. */
function newMark(each, called, label) {
  const told = (className, words, sign) => newElement("span", {class: className, role: "img", "aria-label": words}, sign);
  if (each === label) return told("mark right", each === called ? "true class, predicted" : "true class", "✓");
  if (each === called && label !== null) return told("mark wrong", "predicted, not the true class", "✕");
  return newElement("span", {class: "mark"});
}
