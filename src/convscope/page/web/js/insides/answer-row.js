import {newNode, writeText} from "./node.js";
import {percentOf} from "./percent.js";

/** How many classes are named here; the answer is told in full on the first screen. */
const NAMED_CLASSES = 10;

/**
 * What comes out of the last layer, in words: the most probable classes.
 */
export class AnswerRow {
  /**
   * @param {Document} page
   * @param {import("../live.js").Live} live
   */
  constructor(page, {payload: {dataset: {class_names: names}}}) {
    this.names = names;
    this.items = names.slice(0, NAMED_CLASSES).map(() => {
      const [name, share, bar] = [newNode(page, "bdi"), newNode(page, "span", {class: "n"}), newNode(page, "i")];
      const item = newNode(page, "li", {}, name, newNode(page, "span", {class: "wall-bar", "aria-hidden": "true"}, bar), share);
      return {item, name, share, bar};
    });
    const list = newNode(page, "ol", {class: "wall-answer"}, ...this.items.map(({item}) => item));
    const title = newNode(page, "div", {role: "rowheader", class: "wall-name"}, newNode(page, "span", {}, "the answer"));
    /** @type {HTMLElement} */
    this.element = newNode(page, "div", {role: "row", class: "wall-row"}, title, newNode(page, "div", {role: "gridcell"}, list));
  }

  /** @param {ArrayLike<number>} probabilities */
  show(probabilities) {
    const isWhole = this.names.length <= NAMED_CLASSES;
    const order = Array.from(probabilities, (_, place) => place);
    if (!isWhole) order.sort((a, b) => probabilities[b] - probabilities[a]);
    const greatest = order.reduce((best, place) => (probabilities[place] > probabilities[best] ? place : best), 0);
    this.items.forEach(({item, name, share, bar}, rank) => {
      const place = order[rank];
      writeText(name, this.names[place]);
      writeText(share, percentOf(probabilities[place]));
      bar.style.transform = `scaleX(${probabilities[place]})`;
      item.classList.toggle("first", place === greatest);
    });
  }
}
