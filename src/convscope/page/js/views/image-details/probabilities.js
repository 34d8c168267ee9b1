import {newGlossaryButton, newElement} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {rankedIndices} from "../../network/temperature.js";

/** The most probable classes of an image as a small table with bars. */

/** Number of classes in the table; the true class is added if it is not among them. */
const CLASSES_SHOWN = 3;

/**
 * @param {import("../../network/network.js").Run} run
 * @param {object} options
 * @param {string[]} options.names
 * @param {number | null} options.label
 * @returns {HTMLElement}
 */
export function newProbabilityTable(page, {probabilities}, {names, label}) {
  const ranked = rankedIndices(probabilities);
  const shown = ranked.slice(0, CLASSES_SHOWN);
  if (label !== null && !shown.includes(label)) shown.push(label);
  const head = newElement(
    page, "tr", {}, newElement(page, "th", {scope: "col"}, "Class"),
    newElement(page, "th", {scope: "col", class: "n"}, "Probability", newGlossaryButton(page, "confidence")),
  );
  const rows = shown.map((each) =>
    newElement(
      page, "tr", {class: classOfRow(each, ranked[0], label)},
      newElement(page, "th", {scope: "row", title: names[each]}, newMark(page, each, ranked[0], label), {name: names[each]}),
      newElement(page, "td", {class: "n"}, formatProbability(probabilities[each]), newBar(page, probabilities[each])),
    ));
  const caption = newElement(page, "caption", {class: "visually-hidden"}, "The most probable classes");
  const [top, body] = [newElement(page, "thead", {}, head), newElement(page, "tbody", {}, ...rows)];
  return newElement(page, "table", {class: "answers"}, caption, top, body);
}

function classOfRow(each, called, label) {
  if (label === null) return each === called ? "called" : "";
  return each === label ? "right" : each === called ? "wrong" : "";
}

/** Create a mark for the true or the wrong class, with a text alternative. */
function newMark(page, each, called, label) {
  const told = (className, words, sign) => newElement(page, "span", {class: className, role: "img", "aria-label": words}, sign);
  if (each === label) return told("mark right", each === called ? "true class, predicted" : "true class", "✓");
  if (each === called && label !== null) return told("mark wrong", "predicted, not the true class", "✕");
  return newElement(page, "span", {class: "mark"});
}

function newBar(page, share) {
  const bar = newElement(page, "span", {class: "bar", "aria-hidden": "true"}, newElement(page, "span"));
  bar.firstChild.style.width = `${100 * share}%`;
  return bar;
}
