import {errorTint, legendCounts} from "./confusion.js";
import {newAsk, newElement} from "../drawing/element.js";
import {wholeText} from "../drawing/numerals.js";

/**
 * What the colours of the confusion matrix mean.
 *
 * @param {Document} page
 * @param {number} most errors in a cell at the end of the scale; 0 where there are none
 * @param {boolean} isForAll whether the scale is that of all epochs of the film
 * @returns {HTMLElement}
 */
export function newMatrixLegend(page, most, isForAll) {
  const steps = legendCounts(most).map((count) => {
    const step = newElement(page, "span", {className: "amount wrong"}, wholeText(count));
    step.style.setProperty("--tint", `${(100 * errorTint(count, most)).toFixed(1)}%`);
    return step;
  });
  const right = newElement(page, "span", {}, newElement(page, "span", {className: "amount right"}, "n"), "right");
  const scope = isForAll ? ", the same scale for every epoch" : "";
  const errors = newElement(page, "span", {}, ...steps, `errors in a cell${scope}`, newAsk(page, "confusion"));
  return newElement(page, "p", {className: "key"}, right, most > 0 && errors);
}
