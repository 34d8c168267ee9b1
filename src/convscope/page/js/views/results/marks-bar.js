import {newElement, refill} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {copyText, saveFile} from "../../dom/save-and-copy.js";

/**
 * Create the line that counts the marked images, copies and saves them.
 *
 * @param {import("./marks.js").Marks} marks
 * @param {string} dataset its name
 * @returns {HTMLElement}
 */
export function newMarksBar(page, marks, dataset) {
  const file = `${dataset.replace(/[^\w.-]+/g, "-")}-labels.csv`;
  const count = newElement(page, "strong", {"aria-live": "polite"});
  const note = newElement(page, "span", {class: "quiet", "aria-live": "polite"});
  const list = newElement(page, "pre", {hidden: true});
  const button = (text, click) => newElement(page, "button", {type: "button", click}, text);
  const buttons = newElement(
    page, "span", {}, button("Clear", marks.clear), button("Copy list", () => copyText(note, list, list.textContent)),
    button("Save CSV", () => {
      saveFile(page, file, "text/csv", marks.csv());
      refill(note, "Saved. To record them in the run: ", newElement(page, "code", {}, `convscope audit . --confirmed ${file}`));
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
  return newElement(page, "div", {class: "marks-bar"}, count, buttons, note, list);
}
