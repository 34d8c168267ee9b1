import {newAsk, newElement} from "../drawing/element.js";
import {HINT_SIGNS, HINT_TITLES} from "./hints.js";

/**
 * The hint at whose fault a mistake is, with what it was weighed from.
 *
 * @param {Document} page
 * @param {import("./hints.js").Hint} hint
 * @returns {HTMLElement}
 */
export function newHintView(page, {kind, evidence}) {
  const sign = newElement(page, "span", {className: "hint-sign", "aria-hidden": "true"}, HINT_SIGNS[kind]);
  const title = newElement(page, "h4", {}, sign, ` Hint: ${HINT_TITLES[kind]}`, newAsk(page, "hint"));
  const parts = (evidence ?? []).map((part) => newElement(page, "li", {dir: "auto"}, part));
  const known = parts.length
    ? newElement(page, "ul", {}, ...parts)
    : newElement(page, "p", {}, "What it was weighed from is not in this file; `convscope mistakes` lists it.");
  const reading = newElement(page, "p", {className: "reading"}, "Weighed by three rules; no verdict. Look at the image yourself.");
  return newElement(page, "section", {className: "case-part hint", "data-kind": kind}, title, known, reading);
}
