import {errorCount, errorTint, legendCounts, mostConfusedClasses, supportOf} from "../../data/confusion-counts.js";
import {newGlossaryButton, newElement, refill, newSelect} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {fillRecall, newRecallAxis, recallAxis, classScores} from "./class-recall.js";
import {isHighlightedClass} from "./linked-highlight.js";

/**
 * The confusion matrix as a table of buttons; arrow keys move between cells, and the table is one tab stop. The last column
 * draws the recall of the row's class: it stands for all errors of the class, as a column of its own number, `ANY`.
 * @typedef {object} Matrix
 * @property {HTMLElement} node
 * @property {(counts: number[][], most: number) => void} show `most`: errors in a cell at the end of the colour scale
 * @property {(truth: number, predicted: number) => void} markChosen
 * @property {(lit: import("./linked-highlight.js").Lit | null) => void} light
 */

/** Number of classes up to which the matrix shows all at first. */
const MAX_CLASSES_AT_ONCE = 20;
/** Number of classes from which rows are lower. */
const MANY_CLASSES = 13;
const ANY = -1;
const MATRIX_LABEL = "Confusion matrix: rows are the true classes, columns the predicted ones";

/**
 * @param {string[]} options.names
 * @param {number[][]} options.counts at first
 * @param {(truth: number, predicted: number) => void} options.choose a cell; predicted −1 for all errors of the class
 * @param {import("./linked-highlight.js").Lighting} options.highlight
 */
export function makeMatrix({names, counts, choose, highlight}) {
  const body = newElement("div", {class: "matrix-frame"});
  const few = mostConfusedClasses(counts, MAX_CLASSES_AT_ONCE);
  const every = names.map((_, label) => label);
  const shown = {counts, most: 1, chosen: [-1, -1], lit: null};
  let table;

  function build(labels) {
    table = makeTable(names, labels, {choose, highlight});
    body.replaceChildren(table.node);
    table.fill(shown.counts, shown.most);
    table.choose(...shown.chosen);
  }
  build(few);

  const node = newElement("div", {class: "matrix-view"});
  if (names.length > MAX_CLASSES_AT_ONCE) node.append(newSwitch(names.length, (isAll) => build(isAll ? every : few)));
  node.append(body);
  return {
    node,
    show(newCounts, most) {
      Object.assign(shown, {counts: newCounts, most});
      table.fill(newCounts, most);
    },
    markChosen(truth, predicted) {
      shown.chosen = [truth, predicted];
      table.choose(truth, predicted);
    },
    light: (lit) => table.light(lit),
  };
}

/** Create the table for some classes. With many, cells without images stay empty: they would be thousands. */
function makeTable(names, labels, {choose, highlight}) {
  const isSparse = labels.length > MAX_CLASSES_AT_ONCE;
  const columns = [...labels, ANY];
  const kind = `cells${labels.some((label) => names[label].length > 4) ? " long" : ""}${labels.length >= MANY_CLASSES ? " many" : ""}`;
  const heads = labels.map((label) => newHead(names[label], {scope: "col", "data-column": label}));
  const sides = labels.map((label) => newHead(names[label], {scope: "row", "data-row": label}));
  const newCell = (truth, predicted) => newElement("td", {"data-truth": truth, "data-predicted": predicted});
  const cells = labels.map((truth) => columns.map((predicted) => newCell(truth, predicted)));
  for (const row of cells) row[labels.length].append(newElement("button", {type: "button", class: "recall-row", tabindex: "-1"}));
  const axes = ["true ↓", "predicted →"].map((text) => newElement("span", {}, text));
  const corner = newElement("td", {class: "corner"}, ...axes);
  const axisPlace = newElement("td");
  const node = newElement(
    "table", {class: kind, role: "grid", "aria-label": MATRIX_LABEL},
    newElement("thead", {}, newElement("tr", {}, corner, ...heads, newElement("th", {scope: "col"}, "recall"))),
    newElement("tbody", {}, ...labels.map((_, place) => newElement("tr", {}, sides[place], ...cells[place]))),
    newElement("tfoot", {}, newElement("tr", {}, newElement("td", {colspan: labels.length + 1}), axisPlace)),
  );
  node.style.setProperty("--classes", String(labels.length));
  let [chosen, stop] = [null, null];
  const setStop = (cell) => {
    stop?.firstChild?.setAttribute("tabindex", "-1");
    stop = cell;
    stop.firstChild?.setAttribute("tabindex", "0");
  };
  listenTo(node, {labels, columns, cells, choose, highlight, setStop});
  return {
    node,
    fill(counts, most) {
      const scores = classScores(counts, labels);
      const axis = recallAxis(scores, labels.length < MANY_CLASSES ? 22 : 15);
      const accuracy = 1 - errorCount(counts) / counts.reduce((sum, row) => sum + supportOf(row), 0);
      cells.forEach((row, place) => {
        for (const cell of row.slice(0, -1)) fillCell(cell, {names, counts, most, isSparse});
        fillRecall(row[labels.length].firstChild, scores[place], {name: names[labels[place]], axis, accuracy});
      });
      axisPlace.replaceChildren(newRecallAxis(axis));
      setStop(stop?.firstChild ? stop : cells[0][0]);
    },
    choose(truth, predicted) {
      chosen?.setAttribute("aria-selected", "false");
      chosen = cells[labels.indexOf(truth)]?.[columns.indexOf(predicted)] ?? null;
      chosen?.setAttribute("aria-selected", "true");
      if (chosen?.firstChild) setStop(chosen);
    },
    light(lit) {
      for (const each of node.querySelectorAll("[data-highlight]")) each.removeAttribute("data-highlight");
      if (!lit) return;
      for (const head of [...heads, ...sides]) {
        const label = Number(head.dataset.column ?? head.dataset.row);
        const isOwn = lit.isPair ? label === (head.dataset.column ? lit.predicted : lit.truth) : isHighlightedClass(lit, label);
        head.toggleAttribute("data-highlight", isOwn);
      }
      for (const cell of cells[labels.indexOf(lit.truth)] ?? []) cell.toggleAttribute("data-highlight", true);
      const column = labels.indexOf(lit.predicted);
      if (column >= 0) for (const row of cells) row[column].toggleAttribute("data-highlight", true);
    },
  };
}

/** Handle pointer, focus and keys for all cells at once. */
function listenTo(node, {labels, columns, cells, choose, highlight, setStop}) {
  const pairOf = ({dataset}) => [Number(dataset.truth), Number(dataset.predicted)];
  const light = ({target}) => {
    const place = target.closest("td, th");
    const label = place?.dataset.column ?? place?.dataset.row;
    if (place?.dataset.predicted === String(ANY)) highlight.lightClass(Number(place.dataset.truth));
    else if (place?.dataset.truth) highlight.lightPair(...pairOf(place));
    else if (label !== undefined) highlight.lightClass(Number(label));
    else highlight.darken();
  };
  node.addEventListener("pointerover", light);
  node.addEventListener("focusin", light);
  node.addEventListener("pointerleave", () => highlight.darken());
  node.addEventListener("focusout", () => highlight.darken());
  node.addEventListener("click", ({target}) => {
    const cell = target.closest("td[data-truth]");
    if (cell) choose(...pairOf(cell));
  });
  node.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td[data-truth]");
    const step = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key];
    if (!cell || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [truth, predicted] = pairOf(cell);
    let [row, column] = [labels.indexOf(truth), columns.indexOf(predicted)];
    do {
      row += step[0];
      column += step[1];
    } while (cells[row]?.[column] && !cells[row][column].firstChild); // skip empty cells
    const next = cells[row]?.[column];
    if (!next) return;
    setStop(next);
    next.firstChild.focus();
  });
}

function newHead(name, attributes) {
  return newElement("th", {...attributes, title: name}, {name});
}

function fillCell(cell, {names, counts, most, isSparse}) {
  const [truth, predicted] = [Number(cell.dataset.truth), Number(cell.dataset.predicted)];
  const count = counts[truth][predicted];
  const isRight = truth === predicted;
  if (isSparse && !count && !isRight) {
    cell.replaceChildren();
    return;
  }
  if (!cell.firstChild) cell.append(newElement("button", {type: "button", tabindex: "-1"}));
  const button = cell.firstChild;
  // Phones, which lack the space, leave the comma out.
  refill(button, ...formatWhole(count).split(",").flatMap((part, place) => (place ? [newElement("span", {class: "comma"}, ","), part] : [part])));
  button.className = isRight ? "right" : count ? "wrong" : "none";
  button.style.setProperty("--tint", isRight ? "" : `${(100 * errorTint(count, most)).toFixed(1)}%`);
  const share = `${formatWhole(count)} of ${formatWhole(supportOf(counts[truth]))}`;
  button.setAttribute("aria-label", `true ${names[truth]}, predicted ${names[predicted]}: ${share}`);
}

/** Create the switch between some and all classes. */
function newSwitch(number, change) {
  const {select, node} = newSelect("Classes shown", [["few", `the ${MAX_CLASSES_AT_ONCE} with the most errors`], ["all", `all ${formatWhole(number)}`]]);
  select.addEventListener("change", () => change(select.value === "all"));
  return newElement("p", {class: "choices"}, node);
}

/**
 * Create the legend of the confusion matrix.
 * @param {number} most errors in a cell at the end of the scale; 0 where there are none
 * @param {boolean} isForAll whether the scale is that of all epochs
 */
export function newMatrixLegend(most, isForAll) {
  const tint = (count) => ({"--tint": `${(100 * errorTint(count, most)).toFixed(1)}%`});
  const steps = legendCounts(most).map((count) => newElement("span", {class: "amount wrong", style: tint(count)}, formatWhole(count)));
  const right = newElement("span", {}, newElement("span", {class: "amount right"}, "n"), "correct");
  const scope = isForAll ? ", the same scale for every epoch" : "";
  const errors = newElement("span", {}, ...steps, `errors per cell${scope}`, newGlossaryButton("confusion"));
  return newElement("p", {class: "key"}, right, most > 0 && errors);
}
