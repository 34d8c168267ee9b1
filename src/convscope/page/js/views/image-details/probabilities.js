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
export function newProbabilityTable({probabilities}, {names, label}) {
  const ranked = rankedIndices(probabilities);
  const shown = ranked.slice(0, CLASSES_SHOWN);
  if (label !== null && !shown.includes(label)) shown.push(label);
  const head = newElement(
    "tr", {}, newElement("th", {scope: "col"}, "Class"),
    newElement("th", {scope: "col", class: "n"}, "Probability", newGlossaryButton("confidence")),
  );
  const rows = shown.map((each) =>
    newElement(
      "tr", {class: classOfRow(each, ranked[0], label)},
      newElement("th", {scope: "row", title: names[each]}, newMark(each, ranked[0], label), {name: names[each]}),
      newElement("td", {class: "n"}, formatProbability(probabilities[each]), newBar(probabilities[each])),
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

function newBar(share) {
  const bar = newElement("span", {class: "bar", "aria-hidden": "true"}, newElement("span"));
  bar.firstChild.style.width = `${100 * share}%`;
  return bar;
}
