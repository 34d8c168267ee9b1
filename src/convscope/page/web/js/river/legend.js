import {paint} from "../image/color.js";
import {formatNumber} from "../image/scale.js";
import {newElement} from "../drawing/element.js";

const LEGEND_STEPS = 64;

/**
 * What the colours of a layer, or of one map, mean: from the least value to the greatest; in words where each map has its own.
 *
 * @typedef {import("../image/color.js").ValueRange} ValueRange
 *
 * @param {Document} page
 * @returns {{node: HTMLElement, show: (range: ValueRange | null, table: Uint8Array) => void}}
 */
export function makeLegend(page) {
  const [low, high] = [newElement(page, "span"), newElement(page, "span")];
  const bar = newElement(page, "canvas", {className: "legend-bar", width: LEGEND_STEPS, height: 1, "aria-hidden": "true"});
  const context = bar.getContext("2d");
  const ends = newElement(page, "span", {className: "legend-ends"}, low, high);
  let painted = null;
  return {
    node: newElement(page, "span", {className: "layer-legend"}, bar, ends),
    show(range, table) {
      if (painted !== table) {
        painted = table;
        const picture = context.createImageData(LEGEND_STEPS, 1);
        const steps = Array.from({length: LEGEND_STEPS}, (_, step) => step);
        paint(steps, {minimum: 0, maximum: LEGEND_STEPS - 1, table}, picture.data);
        context.putImageData(picture, 0, 0);
      }
      const texts = range ? [range.minimum, range.maximum].map((value) => formatNumber(value, 2)) : ["least", "most"];
      if (low.textContent !== texts[0]) low.textContent = texts[0];
      if (high.textContent !== texts[1]) high.textContent = texts[1];
    },
  };
}
