import {newElement, writeText} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {startRovingFocus} from "../../dom/roving-focus.js";
import {shownClasses} from "../../network/softmax.js";

/** Above this number of classes, only the most probable are shown until all are requested. */
const MAX_BARS = 12;
const FEWER_BARS = 10;
/** Of more classes, those below this probability are folded too; ten bars stay where they are while the reader draws. */
const LEAST = 0.001;

/** Create a bar with a number for each class; a click makes it the target class. @param {(target: number) => void} onPick */
export function makeProbabilityBars(classNames, onPick) {
  const most = classNames.length > MAX_BARS ? FEWER_BARS : MAX_BARS;
  let [isUnfolded, last] = [false, null];
  const rows = [];
  const list = newElement("ul");
  const more = newElement("button", {type: "button", class: "bars-more", "aria-expanded": "false"});
  const rest = newElement("p", {class: "bars-rest"}, more);
  const node = newElement("div", {class: "bars"}, list, rest);
  const refreshFocus = startRovingFocus(list, "button");
  more.addEventListener("click", () => {
    isUnfolded = !isUnfolded;
    more.setAttribute("aria-expanded", String(isUnfolded));
    if (last) show(...last);
  });
  return {node, show};

  /** @param {ArrayLike<number>} probabilities @param {{best: number, label: number | null, target: number}} marks */
  function show(probabilities, marks) {
    last = [probabilities, marks];
    const {places, others, rest: share} = shownClasses(probabilities, isUnfolded ? classNames.length : most, LEAST);
    const before = rows.filter(({item}) => !item.hidden).length;
    while (rows.length < places.length) rows.push(addRow());
    rows.forEach((row, number) => {
      row.item.hidden = number >= places.length;
      if (!row.item.hidden) fillRow(row, classNames, places[number], probabilities[places[number]], marks);
    });
    if (places.length !== before) refreshFocus();
    rest.hidden = !others && !isUnfolded;
    writeText(more, isUnfolded ? "Show fewer" : `${others} ${others === 1 ? "other" : "others"}: ${formatProbability(share)}`);
  }

  function addRow() {
    const row = makeRow();
    row.button.addEventListener("click", () => onPick(row.place));
    list.append(row.item);
    return row;
  }
}

function makeRow() {
  const name = newElement("bdi");
  const [share, part, number] = ["track", "part", "number"].map((name) => newElement("span", {class: `bar-${name}`}));
  share.append(part);
  const button = newElement("button", {type: "button", "aria-pressed": "false"}, name, share, number);
  return {item: newElement("li", {}, button), button, name, part, number, place: -1, text: ""};
}

/** Update only what changed: this runs for every class in every frame of a stroke. */
function fillRow(row, classNames, place, probability, {best, label, target}) {
  if (row.place !== place) {
    row.place = place;
    row.name.textContent = classNames[place];
    row.button.title = `Why ${classNames[place]}?`;
    row.button.dataset.class = String(place);
  }
  row.part.style.transform = `scaleX(${probability.toFixed(4)})`;
  const text = formatProbability(probability);
  if (row.text !== text) row.number.textContent = row.text = text;
  row.item.classList.toggle("is-best", place === best);
  row.item.classList.toggle("is-true", place === label);
  row.button.setAttribute("aria-pressed", String(place === target));
}
