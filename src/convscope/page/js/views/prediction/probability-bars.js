import {newElement} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {shownClasses} from "../../network/temperature.js";

/** Above this number of classes, only the most probable are shown until all are requested. */
const MAX_BARS = 12;
const FEWER_BARS = 10;

/**
 * Create a bar with a number for each class; a click makes it the target class.
 *
 * @param {string[]} classNames
 * @param {(target: number) => void} onPick
 */
export function makeProbabilityBars(page, classNames, onPick) {
  const isMany = classNames.length > MAX_BARS;
  let [most, last] = [isMany ? FEWER_BARS : MAX_BARS, null];
  const rows = [];
  const list = newElement(page, "ul");
  const others = newElement(page, "span");
  const more = newElement(page, "button", {type: "button", class: "bars-more", "aria-expanded": "false"});
  const rest = newElement(page, "p", {class: "bars-rest", hidden: !isMany}, others, more);
  const node = newElement(page, "div", {class: "bars"}, list, rest);
  more.addEventListener("click", () => {
    most = most === FEWER_BARS ? classNames.length : FEWER_BARS;
    more.setAttribute("aria-expanded", String(most > FEWER_BARS));
    if (last) show(...last);
  });
  return {node, show};

  /**
   * @param {ArrayLike<number>} probabilities
   * @param {{best: number, label: number | null, target: number}} marks
   */
  function show(probabilities, marks) {
    last = [probabilities, marks];
    const {places, others: left, rest: share} = shownClasses(probabilities, most);
    while (rows.length < places.length) rows.push(addRow());
    rows.forEach((row, number) => {
      row.item.hidden = number >= places.length;
      if (!row.item.hidden) fillRow(row, classNames, places[number], probabilities[places[number]], marks);
    });
    if (!isMany) return;
    others.textContent = left ? `${left} other classes: ${formatProbability(share)} in total. ` : "";
    more.textContent = left ? `Show all ${classNames.length}` : `Show the ${FEWER_BARS} most probable`;
  }

  function addRow() {
    const row = makeRow(page);
    row.button.addEventListener("click", () => onPick(row.place));
    list.append(row.item);
    return row;
  }
}

function makeRow(page) {
  const name = newElement(page, "bdi");
  const [share, part, number] = ["track", "part", "number"].map((name) => newElement(page, "span", {class: `bar-${name}`}));
  share.append(part);
  const button = newElement(page, "button", {type: "button", "aria-pressed": "false"}, name, share, number);
  return {item: newElement(page, "li", {}, button), button, name, part, number, place: -1, text: ""};
}

/** Update only what changed: this runs for every class in every frame of a stroke. */
function fillRow(row, classNames, place, probability, {best, label, target}) {
  if (row.place !== place) {
    row.place = place;
    row.name.textContent = classNames[place];
    row.button.title = `Select class ${classNames[place]}`;
  }
  row.part.style.transform = `scaleX(${probability.toFixed(4)})`;
  const text = formatProbability(probability);
  if (row.text !== text) row.number.textContent = row.text = text;
  row.item.classList.toggle("is-best", place === best);
  row.item.classList.toggle("is-true", place === label);
  row.button.setAttribute("aria-pressed", String(place === target));
}
