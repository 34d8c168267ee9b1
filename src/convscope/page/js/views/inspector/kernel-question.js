import {newElement, writeText} from "../../dom/element.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {extentOf, weightTilesOf, weightsOfPicture} from "./kernel-tiles.js";
import {strokeAnswers, strokeImage} from "./stroke-answers.js";

/** Screen pixels of a side of a picture. */
const QUESTION_SIDE = 66;

/** A question before a kernel is moved for the first time: which of three maps does it make of a vertical stroke? */
export class KernelQuestion {
  /** @param {() => void} onDone called once the question is answered or skipped */
  constructor(session, onDone) {
    Object.assign(this, {session, onDone, isAsked: false, layer: -1});
    /** @type {HTMLElement} */
    this.element = newElement("div", {class: "kernel-question", role: "group", "aria-label": "Predict what the kernel does", hidden: true});
    this.told = newElement("p", {class: "question-told", role: "status"});
  }

  /**
   * Ask, unless it was asked before or the layer has no kernel that moves.
   *
   * @param {number} index of the layer
   * @param {number} output the filter
   * @param {number} channel of the input
   * @param {import("../../dom/theme-colors.js").ThemeColors} colors
   * @returns {boolean} whether there is nothing to ask
   */
  mayStart(index, output, channel, colors) {
    const {session: {network}} = this;
    const tiles = weightTilesOf(network, index);
    const isPassedOver = !this.element.hidden; // by a second press; unanswered, it comes again
    this.element.hidden = true;
    this.layer = index;
    if (isPassedOver || this.isAsked || !tiles?.isWindow || tiles.rows * tiles.columns < 2) return true;
    const {kernel} = network.layers[index].weights;
    const input = tiles.stack > 1 ? channel : 0;
    const {answers, right, where} = strokeAnswers(tiles, kernel, output, input);
    const picture = ({values, rows, columns}, table, minimum) => {
      const drawn = new PixelPicture({"aria-hidden": "true"});
      const extent = extentOf(values);
      drawn.resize(columns, rows, Math.max(1, Math.floor(QUESTION_SIDE / Math.max(rows, columns))));
      drawn.paint(values, {minimum: minimum ?? -extent, maximum: extent, table});
      return drawn.element;
    };
    const buttons = answers.map((answer, number) => {
      const mark = newElement("span", {}, "ABC"[number]);
      const click = () => this.reveal(buttons, number, right, where);
      return {button: newElement("button", {type: "button", class: "stroke-answer", click}, picture(answer, colors.signed), mark), mark};
    });
    const skip = newElement("button", {type: "button", click: () => this.close()}, "Skip");
    const shown = {values: weightsOfPicture(tiles, kernel, output, input), rows: tiles.rows, columns: tiles.columns};
    writeText(this.told, "");
    this.element.replaceChildren(
      newElement("p", {class: "question-title"}, "What will this kernel do to a vertical stroke?"),
      newElement("div", {class: "question-line"}, picture(strokeImage(tiles), colors.pixels, 0), newElement("span", {}, "→"), picture(shown, colors.signed),
        newElement("span", {}, "→"), ...buttons.map(({button}) => button), this.told, skip));
    this.element.hidden = false;
    buttons[0].button.focus({preventScroll: true});
    return false;
  }

  /** Close the question where another layer is open. @param {number} index */
  follow(index) {
    if (index !== this.layer) this.element.hidden = true;
  }

  reveal(buttons, picked, right, where) {
    this.isAsked = true;
    buttons.forEach(({button, mark}, number) => {
      button.disabled = true;
      button.dataset.truth = number === right ? "right" : number === picked ? "wrong" : "";
      writeText(mark, `${"ABC"[number]}${number === right ? " ✓" : number === picked ? " ✕" : ""}`);
    });
    writeText(this.told, `${picked === right ? "Correct" : `No, it is ${"ABC"[right]}`}: ${where}. The other two are other kernels of this layer.`);
    const last = this.element.querySelector(".question-line > :last-child");
    writeText(last, "Close");
    this.onDone();
  }

  close() {
    this.isAsked = true;
    this.element.hidden = true;
    this.onDone();
  }
}
