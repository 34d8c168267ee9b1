import {placeOf} from "../engine/shape.js";
import {accountFoot, decimalsOfAccount} from "./account-lines.js";
import {decimalsFor, inDecimals} from "./digits.js";
import {newAsk} from "../drawing/element.js";
import {newNode} from "./node.js";
import {placeInWords} from "./places.js";
import {largestFirst} from "./summands.js";

/** Terms that are written out before anybody asks for all of them. */
export const FIRST_TERMS = 8;

/**
 * The largest contributions, what all others come to, the bias, the activation function.
 *
 * @param {Document} page
 * @param {import("../engine/arithmetic.js").Explanation} told
 * @param {{isWhole: boolean, extra: number, source: {name: string, shape: number[], index: number}, prefix?: number[],
 *   openUnit: (index: number, place: number[]) => void}} view `extra`: decimals; `source`: what is read, behind flattening; `prefix`: the place,
 *   where the layer works at every place of a picture by itself
 * @returns {Node[]}
 */
export function denseAccount(page, told, {isWhole, extra, source, prefix = [], openUnit}) {
  const {shown, hidden, rest} = largestFirst(told.terms, ({product}) => product, isWhole ? Infinity : FIRST_TERMS);
  const decimals = {
    input: Math.max(2, decimalsFor(told.terms.map(({input}) => input)) - 1) + extra,
    weight: decimalsFor(told.terms.map(({weight}) => weight)) + extra,
    product: decimalsOfAccount(told, shown.map(({product}) => product)) + extra,
  };
  const rows = shown.map((term) => {
    const place = prefix.length ? [...prefix, term.index] : placeOf(source.shape, term.index);
    const words = placeInWords(place, source.shape);
    const name = source.index < 0
      ? newNode(page, "span", {}, words)
      : newNode(page, "button", {type: "button", class: "door", "aria-label": `${source.name}, ${words}`}, words);
    name.addEventListener("click", () => source.index >= 0 && openUnit(source.index, place));
    return newNode(page, "tr", {"data-term": "product", "data-index": term.index, "data-value": term.product},
      newNode(page, "th", {scope: "row"}, name),
      newNode(page, "td", {class: "n"}, inDecimals(term.input, decimals.input)),
      newNode(page, "td", {class: "n"}, `× ${inDecimals(term.weight, decimals.weight)}`),
      newNode(page, "td", {class: "n"}, `= ${inDecimals(term.product, decimals.product)}`),
      newNode(page, "td", {class: "bar-cell"}, contributionBar(page, term.product, Math.abs(shown[0].product))));
  });
  const head = newNode(page, "thead", {}, newNode(page, "tr", {},
    newNode(page, "th", {scope: "col"}, newNode(page, "bdi", {}, source.name)), ...[["", "input"], ["× ", "weight"], ["= ", "product"]].map(([sign, word]) => (
      newNode(page, "th", {scope: "col", class: "n"}, sign + word, newAsk(page, word)))),
    newNode(page, "td")));
  const table = newNode(page, "table", {class: "account-terms"}, head, newNode(page, "tbody", {}, ...rows));
  const lines = [];
  const shownSum = told.sum - rest;
  if (hidden) lines.push(["shown", shownSum, `from these ${shown.length}`], ["rest", rest, `from the other ${hidden}`]);
  lines.push(["sum", told.sum, `from all ${told.terms.length}`], ["bias", told.bias, "bias"]);
  const scroll = newNode(page, "div", {class: "scroll", tabindex: "0", role: "group", "aria-label": "The largest contributions"}, table);
  return [scroll, accountFoot(page, told, decimals.product, lines)];
}

/** To the right of the middle for more, to the left for less. */
function contributionBar(page, value, extent) {
  const bar = newNode(page, "i", {class: value < 0 ? "less" : "more"});
  bar.style.width = `${extent ? (50 * Math.abs(value)) / extent : 0}%`;
  return newNode(page, "span", {class: "contribution", "aria-hidden": "true"}, bar);
}
