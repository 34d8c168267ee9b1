import {formatNumber} from "../image/scale.js";
import {decimalsFor, inDecimals} from "./digits.js";
import {newAsk} from "../drawing/element.js";
import {newNode} from "./node.js";
import {largestFirst} from "./summands.js";

/** Classes that are written out before anybody asks for all of them. */
export const FIRST_CLASSES = 10;

/**
 * The softmax worked out: exponentials, their total, shares.
 *
 * @param {Document} page
 * @param {import("../engine/arithmetic.js").Explanation} told
 * @param {{isWhole: boolean, extra: number, nameOf: (unit: number) => string}} view
 * @returns {Node[]}
 */
export function softmaxAccount(page, {softmax, unit}, {isWhole, extra, nameOf}) {
  const {logits, maximum, exponentials, total, probabilities} = softmax;
  const units = logits.map((_, place) => place);
  const isShort = !isWhole && units.length > FIRST_CLASSES;
  const {shown} = largestFirst(units, (place) => exponentials[place], isShort ? FIRST_CLASSES : Infinity, isShort);
  if (!shown.includes(unit)) shown[shown.length - 1] = unit; // the open one is worked out, whatever its share
  const hidden = units.filter((place) => !shown.includes(place));
  const decimals = decimalsFor(logits) + extra;
  /** With as many digits as tell a share from 1. */
  const inFull = (number) => formatNumber(number, (number > 0.5 ? 8 : 4) + extra);
  const rows = shown.map((place) => newNode(page, "tr", {
    "data-term": "exponential", "data-index": place, "data-value": exponentials[place], class: place === unit ? "is-open" : null,
  },
  newNode(page, "th", {scope: "row"}, newNode(page, "bdi", {}, nameOf(place))),
  newNode(page, "td", {class: "n"}, inDecimals(logits[place], decimals)),
  newNode(page, "td", {class: "n"}, inDecimals(logits[place] - maximum, decimals)),
  newNode(page, "td", {class: "n"}, inFull(exponentials[place])),
  newNode(page, "td", {class: "n", "data-term": "share", "data-index": place, "data-value": probabilities[place]},
    inFull(probabilities[place]))));
  const titles = [["logit", "logit"], ["− largest", "softmax"], ["e to the power of that", "softmax"], ["÷ total = share", "softmax"]];
  const head = newNode(page, "tr", {}, newNode(page, "td"), ...titles.map(([title, word]) => (
    newNode(page, "th", {scope: "col", class: "n"}, title, newAsk(page, word)))));
  const rest = hidden.reduce((sum, place) => sum + exponentials[place], 0);
  const others = hidden.length ? [sumRow(page, "exponential-rest", `the other ${hidden.length}`, rest, inFull)] : [];
  const foot = sumRow(page, "total", "total", total, inFull);
  const table = newNode(page, "table", {class: "account-terms softmax"}, newNode(page, "thead", {}, head),
    newNode(page, "tbody", {}, ...rows, ...others), newNode(page, "tfoot", {}, foot));
  const sum = newNode(page, "p", {class: "account-sentence"}, newNode(page, "bdi", {}, nameOf(unit)), ": ",
    `${inFull(exponentials[unit])} ÷ ${inFull(total)} = `,
    newNode(page, "b", {"data-term": "after", "data-value": probabilities[unit]}, inFull(probabilities[unit])), ".");
  const scroll = newNode(page, "div", {class: "scroll", tabindex: "0", role: "group", "aria-label": "The softmax, worked out"}, table);
  return [newNode(page, "p", {class: "account-title"}, "The softmax makes shares of the logits:"), scroll, sum];
}

/** A line that has a number in the column of the exponentials alone. */
function sumRow(page, term, title, value, inFull) {
  return newNode(page, "tr", {"data-term": term, "data-value": value}, newNode(page, "th", {scope: "row"}, title),
    newNode(page, "td"), newNode(page, "td"), newNode(page, "td", {class: "n"}, inFull(value)), newNode(page, "td"));
}
