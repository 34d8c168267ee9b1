import {csvOf, escapeFormula} from "../../data/csv.js";
import {newElement, refill} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {copyText, saveFile} from "../../dom/save-and-copy.js";

/**
 * The test images whose labels the reader doubts. They live as long as the page.
 * @typedef {{label: number, note: string}} Mark `label`: the right class; -1 where the reader has not chosen it
 * @typedef {object} Marks
 * @property {Map<number, Mark>} all by row
 * @property {(row: number) => void} toggle
 * @property {(row: number, changes: Partial<Mark>) => void} set marks the image
 * @property {() => void} clear
 * @property {() => string} csv the rows, as `convscope audit --confirmed` reads them
 * @property {(listener: () => void) => void} subscribe
 */

/** As in `runs/label_suspects.py`. */
const COLUMNS = ["split", "index", "given", "suggested", "score", "file", "confirmed", "corrected", "note"];
/** Keys of the gallery that can stand for no class. */
const COMMAND_KEYS = "jkx";
/** Most classes with a key each. */
const MAX_KEYS = 10;

/** @param {import("./selection.js").Answered} images @param {string[]} names @returns {Marks} */
export function makeMarks({labels, predictions, indices, files}, names) {
  const [all, listeners] = [new Map(), []];
  const tell = () => listeners.forEach((listener) => listener());
  const suggested = (row) => (predictions[row] === labels[row] ? -1 : predictions[row]);
  const marks = {
    all,
    toggle(row) {
      if (!all.has(row)) return marks.set(row, {});
      all.delete(row);
      tell();
    },
    set(row, changes) {
      if (changes.label === labels[row]) return; // the given label corrects nothing
      all.set(row, {label: suggested(row), note: "", ...all.get(row), ...changes});
      tell();
    },
    clear() {
      all.clear();
      tell();
    },
    csv() {
      const name = (label) => escapeFormula(names[label] ?? "");
      const rows = [...all].sort(([a], [b]) => a - b).map(([row, {label, note}]) => [
        "test", indices[row], name(labels[row]), name(suggested(row)), "", escapeFormula(files?.[row] ?? ""), "yes", name(label), escapeFormula(note),
      ]);
      return csvOf(COLUMNS, rows);
    },
    subscribe: (listener) => void listeners.push(listener),
  };
  return marks;
}

/** Return the key of each class: its name or first letter where those differ, else its number; none of more than ten classes. */
export function classKeys(names) {
  if (names.length > MAX_KEYS) return [];
  const letters = names.map((name) => name.slice(0, 1).toLowerCase());
  const isClear = new Set(letters).size === names.length && letters.every((key) => /^[\p{L}\d]$/u.test(key) && !COMMAND_KEYS.includes(key));
  return isClear ? letters : names.map((_, label) => String(label));
}

/** Create the line that counts the marked images, copies and saves them. @param {string} dataset its name */
export function newMarksBar(marks, dataset) {
  const file = `${dataset.replace(/[^\w.-]+/g, "-")}-labels.csv`;
  const count = newElement("strong", {"aria-live": "polite"});
  const note = newElement("span", {class: "quiet", "aria-live": "polite"});
  const list = newElement("pre", {hidden: true});
  const button = (text, click) => newElement("button", {type: "button", click}, text);
  const buttons = newElement(
    "span", {}, button("Clear", marks.clear), button("Copy list", () => copyText(note, list, list.textContent)),
    button("Save CSV", () => {
      saveFile(file, "text/csv", marks.csv());
      refill(note, "Saved. To record them in the run: ", newElement("code", {}, `convscope audit . --confirmed ${file}`));
    }),
  );
  const show = () => {
    const {size} = marks.all;
    count.textContent = size ? `${formatWhole(size)} marked` : "";
    buttons.hidden = !size;
    list.hidden = true;
    list.textContent = marks.csv();
    note.textContent = size ? "" : "Does a label look wrong? Mark the image: press x, or open it.";
  };
  marks.subscribe(show);
  show();
  return newElement("div", {class: "marks-bar"}, count, buttons, note, list);
}
