import {newElement} from "../drawing/element.js";
import {probabilityText} from "../drawing/numerals.js";
import {shownClasses} from "./confidence.js";

/** More classes than these, and only the likeliest are shown. */
const MOST_BARS = 12;
const FEWER_BARS = 10;

/**
 * The last layer: a bar for each class, and the number beside it. A class that is clicked becomes the one asked about.
 *
 * @param {Document} page
 * @param {string[]} classNames
 * @param {(target: number) => void} onPick
 */
export function makeBars(page, classNames, onPick) {
  const most = classNames.length <= MOST_BARS ? MOST_BARS : FEWER_BARS;
  const rows = Array.from({length: Math.min(most, classNames.length)}, () => makeRow(page));
  const rest = newElement(page, "p", {className: "bars-rest", hidden: classNames.length <= MOST_BARS});
  const node = newElement(page, "div", {className: "bars"}, newElement(page, "ul", {}, ...rows.map(({item}) => item)), rest);
  for (const row of rows) row.button.addEventListener("click", () => onPick(row.place));
  return {node, show};

  /**
   * @param {ArrayLike<number>} probabilities
   * @param {{best: number, label: number | null, target: number}} marks
   */
  function show(probabilities, marks) {
    const {places, others, rest: share} = shownClasses(probabilities, most);
    rows.forEach((row, number) => fillRow(row, classNames, places[number], probabilities[places[number]], marks));
    if (others) rest.textContent = `${others} other classes: ${probabilityText(share)} together`;
  }
}

function makeRow(page) {
  const name = newElement(page, "bdi");
  const [share, part, number] = ["track", "part", "number"].map((name) => newElement(page, "span", {className: `bar-${name}`}));
  share.append(part);
  const button = newElement(page, "button", {type: "button", "aria-pressed": "false"}, name, share, number);
  return {item: newElement(page, "li", {}, button), button, name, part, number, place: -1, text: ""};
}

/** Only what changed: this runs for every class in every frame of a stroke. */
function fillRow(row, classNames, place, probability, {best, label, target}) {
  if (row.place !== place) {
    row.place = place;
    row.name.textContent = classNames[place];
    row.button.title = `Ask about ${classNames[place]}`;
  }
  row.part.style.transform = `scaleX(${probability.toFixed(4)})`;
  const text = probabilityText(probability);
  if (row.text !== text) row.number.textContent = row.text = text;
  row.item.classList.toggle("is-best", place === best);
  row.item.classList.toggle("is-true", place === label);
  row.button.setAttribute("aria-pressed", String(place === target));
}
