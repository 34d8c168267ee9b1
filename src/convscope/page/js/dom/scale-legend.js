import {newElement, writeText} from "./element.js";
import {formatNumber} from "../image/color/range.js";

/** The colours of a scale, from minimum to maximum. */
export class ScaleLegend {
  constructor() {
    this.bar = newElement("canvas", {class: "scale-bar", width: 64, height: 1, "aria-hidden": "true"});
    this.least = newElement("span");
    this.middle = newElement("span");
    this.greatest = newElement("span");
    this.numbers = newElement("span", {class: "scale-numbers"}, this.least, this.middle, this.greatest);
    this.element = newElement("span", {class: "scale-legend"}, this.bar, this.numbers);
    this.table = null;
  }

  /** @param {import("../image/color/paint.js").ColorScale} scale @param {(value: number) => string} [write] */
  show({minimum, maximum, table}, write = formatNumber) {
    this.paint(table);
    writeText(this.least, write(minimum));
    writeText(this.middle, minimum === -maximum ? "0" : "");
    writeText(this.greatest, write(maximum));
  }

  /** Show words instead of numbers, for pictures that each have their own scale. @param {string[]} words for both ends */
  showWords(table, [least, greatest]) {
    this.paint(table);
    writeText(this.least, least);
    writeText(this.middle, "");
    writeText(this.greatest, greatest);
  }

  /** @param {Uint8Array} table */
  paint(table) {
    if (table === this.table) return;
    this.table = table;
    const context = this.bar.getContext("2d");
    const image = context.createImageData(64, 1);
    for (let step = 0; step < 64; step++) image.data.set(table.subarray(16 * step + 8, 16 * step + 12), 4 * step);
    context.putImageData(image, 0, 0);
  }
}
