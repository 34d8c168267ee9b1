import {newGlossaryButton, newElement} from "../../dom/element.js";
import {decimalsFor, formatDecimals} from "../../dom/format.js";
import {formatNumber} from "../../image/color/range.js";
import {placeOf} from "../../network/shape.js";
import {arithmeticDecimals, arithmeticFoot, largestFirst, placeTitle, valueCell} from "./arithmetic-lines.js";
import {placeInWords} from "./selected-unit.js";

const COLOURS = ["red", "green", "blue"];

/** Screen pixels: side of a grid of numbers, and of the smallest cell that a number is written into. */
const [GRID_SIDE, MIN_WRITTEN] = [132, 22];

/**
 * Input × weight = product for every position in the window, of one input channel or of all; the sums; the bias; the activation function.
 * @param {import("./arithmetic.js").ArithmeticView & {layer: import("../../network/network.js").Layer, index: number, isWhole: boolean,
 *   extra: number}} view `isWhole`: whether all channels are shown; `extra`: decimals
 */
export function convolutionArithmetic(told, {scales, weightExtent, channel, layer, index, isWhole, extra}) {
  const width = layer.settings.kernel_size[1];
  const products = told.channels.flatMap(({terms}) => terms.map(({product}) => product));
  const extent = Math.max(1e-12, ...products.map(Math.abs));
  const decimals = arithmeticDecimals(told, products) + extra;
  const written = {
    input: gridDecimals(told.channels.flatMap(({terms}) => terms.map(({input}) => input)), width) + extra,
    weight: gridDecimals([weightExtent], width) + extra,
    product: gridDecimals(products, width) + extra,
  };
  const nameOfChannel = (number) => (index === 0 && layer.inputShape[2] === 3 ? COLOURS[number] : `channel ${number}`);
  const signedScale = (most) => ({minimum: -most, maximum: most, table: scales.colors.signed});
  const isSingle = told.channels.length === 1;
  const shown = isWhole ? told.channels : told.channels.filter((each) => isSingle || each.channel === channel);
  const titles = {input: index === 0 ? "pixels" : "window", weight: "kernel", product: "products"};
  const rows = shown.map(({channel: number, sum, terms}) => {
    const colours = {input: scales.of(index - 1, number), weight: signedScale(weightExtent), product: signedScale(extent)};
    const grids = [["input", ""], ["weight", "×"], ["product", "="]].map(([part, sign]) => newElement("span", {class: "term-part"},
      newElement("span", {class: "sign"}, `${sign} ${titles[part]}`),
      termGrid(part, terms, width, colours[part], written[part])));
    const total = newElement("p", {class: "channel-total", "data-term": "channel-total", "data-value": sum},
      "sum ", newElement("b", {}, formatDecimals(sum, decimals)));
    const name = newElement("p", {class: "channel-name"}, nameOfChannel(number));
    const label = isSingle ? `${terms.length} products` : `${nameOfChannel(number)}: ${terms.length} products`;
    return newElement("div", {class: "arithmetic-channel", role: "group", "aria-label": label, "data-channel": number},
      ...(isWhole && !isSingle ? [name, ...grids, total] : grids));
  });
  const lines = isSingle ? [] : shown.map(({channel: number, sum}) => ["channel-sum", sum, `from ${nameOfChannel(number)}`]);
  const others = told.channels.filter((each) => !shown.includes(each));
  const rest = others.reduce((sum, each) => sum + each.sum, 0);
  if (others.length) lines.push(["rest", rest, others.length > 1 ? `from the other ${others.length} channels` : `from ${nameOfChannel(others[0].channel)}`]);
  lines.push(["sum", told.sum, isSingle ? `sum of the ${products.length} products` : `from all ${told.channels.length} channels`]);
  lines.push(["bias", told.bias, "bias"]);
  return [newElement("div", {class: "arithmetic-rows"}, ...rows), arithmeticFoot(told, decimals, lines)];
}

/** Return the decimals of numbers in cells: two or three significant digits of the largest, fewer in a wide window. */
function gridDecimals(values, width) {
  const decimals = decimalsFor(values);
  return Math.max(0, decimals - (decimals > 3 ? 2 : 1) - (width > 4 ? 1 : 0));
}

/** Create one of the three grids of a window. */
function termGrid(part, terms, width, scale, decimals) {
  const side = Math.floor(GRID_SIDE / width);
  const texts = terms.map((term) => (side < MIN_WRITTEN ? "" : formatDecimals(term[part], decimals)));
  const cells = terms.map((term, place) => {
    const isOutside = part === "input" && term.padding;
    const title = isOutside ? "padding, so 0" : placeTitle(term, term[part]);
    const attributes = {"data-term": part, title, class: isOutside ? "outside" : null};
    return valueCell(attributes, texts[place], term[part], isOutside ? null : scale);
  });
  // Wide enough for sign and digits, so that nothing shifts from step to step.
  const digits = Math.max(...texts.map((text) => text.replace("−", "").length));
  const across = digits ? `max(${MIN_WRITTEN}px, ${digits + 1.6}ch)` : `${Math.max(2, side)}px`;
  const style = {"grid-template-columns": `repeat(${width}, ${across})`, "grid-auto-rows": `${digits ? 26 : Math.max(2, side)}px`};
  return newElement("span", {class: `term-grid ${part}`, style}, ...cells);
}

/** Terms shown until all are requested. */
export const FIRST_TERMS = 8;

/**
 * Show the largest contributions, the sum of the others, the bias and the activation function.
 * @param {{isWhole: boolean, extra: number, source: {name: string, shape: number[], index: number}, prefix?: number[],
 *   openUnit: (index: number, place: number[]) => void}} view `extra`: decimals; `source`: what is read, behind flattening; `prefix`: the place,
 *   where the layer works at every place of a picture by itself
 */
export function denseArithmetic(told, {isWhole, extra, source, prefix = [], openUnit}) {
  const {shown, hidden, rest} = largestFirst(told.terms, ({product}) => product, isWhole ? Infinity : FIRST_TERMS);
  const decimals = {
    input: Math.max(2, decimalsFor(told.terms.map(({input}) => input)) - 1) + extra,
    weight: decimalsFor(told.terms.map(({weight}) => weight)) + extra,
    product: arithmeticDecimals(told, shown.map(({product}) => product)) + extra,
  };
  const rows = shown.map((term) => {
    const place = prefix.length ? [...prefix, term.index] : placeOf(source.shape, term.index);
    const words = placeInWords(place, source.shape);
    const name = source.index < 0
      ? newElement("span", {}, words)
      : newElement("button", {type: "button", class: "link", "aria-label": `${source.name}, ${words}`, click: () => openUnit(source.index, place)}, words);
    const factors = [["input", ""], ["weight", "× "], ["product", "= "]].map(([key, sign]) => sign + formatDecimals(term[key], decimals[key]));
    return termRow({"data-term": "product", "data-index": term.index, "data-value": term.product}, name, factors,
      contributionBar(term.product, Math.abs(shown[0].product)));
  });
  const columns = [["input", "input"], ["× weight", "weight"], ["= product", "product"]];
  const head = termHead(newElement("th", {scope: "col"}, {name: source.name}), columns);
  const lines = [];
  const shownSum = told.sum - rest;
  if (hidden) lines.push(["shown", shownSum, `from these ${shown.length}`], ["rest", rest, `from the other ${hidden}`]);
  lines.push(["sum", told.sum, `from all ${told.terms.length}`], ["bias", told.bias, "bias"]);
  return [scrollingTable("The largest contributions", "", head, rows), arithmeticFoot(told, decimals.product, lines)];
}

/** Create the heading of a table of terms, each column with its glossary word. */
function termHead(first, columns) {
  const cells = columns.map(([title, word]) => newElement("th", {scope: "col", class: "n"}, title, newGlossaryButton(word)));
  return newElement("tr", {}, first, ...cells, newElement("td"));
}

/** Create a row of a table of terms: its name, numbers, and a bar. */
function termRow(attributes, name, numbers, bar) {
  const cells = numbers.map((number) => (number instanceof Node ? number : newElement("td", {class: "n"}, number)));
  return newElement("tr", attributes, newElement("th", {scope: "row"}, name), ...cells, newElement("td", {class: "bar-cell"}, bar));
}

function scrollingTable(label, className, head, rows, foot = null) {
  const table = newElement("table", {class: `arithmetic-terms${className}`}, newElement("thead", {}, head),
    newElement("tbody", {}, ...rows), foot && newElement("tfoot", {}, foot));
  return newElement("div", {class: "scroll", tabindex: "0", role: "group", "aria-label": label}, table);
}

/** Create a bar to the right for positive values, to the left for negative ones. */
function contributionBar(value, extent) {
  const width = `${extent ? (50 * Math.abs(value)) / extent : 0}%`;
  const bar = newElement("i", {class: value < 0 ? "less" : "more", style: {width}});
  return newElement("span", {class: "contribution", "aria-hidden": "true"}, bar);
}

/** Classes shown until all are requested. */
export const FIRST_CLASSES = 10;

/**
 * Show the softmax: exponentials, total, probabilities.
 * @param {{isWhole: boolean, extra: number, nameOf: (unit: number) => string}} view
 */
export function softmaxArithmetic({softmax, unit}, {isWhole, extra, nameOf}) {
  const {logits, maximum, exponentials, total, probabilities} = softmax;
  const units = logits.map((_, place) => place);
  const isShort = !isWhole && units.length > FIRST_CLASSES;
  const {shown} = largestFirst(units, (place) => exponentials[place], isShort ? FIRST_CLASSES : Infinity, isShort);
  if (!shown.includes(unit)) shown[shown.length - 1] = unit; // the open unit is always listed
  const hidden = units.filter((place) => !shown.includes(place));
  const decimals = decimalsFor(logits) + extra;
  /** Format with enough digits to distinguish a probability from 1. */
  const inFull = (number) => formatNumber(number, (number > 0.5 ? 8 : 4) + extra);
  const rows = shown.map((place) => {
    const share = {class: "n", "data-term": "share", "data-index": place, "data-value": probabilities[place]};
    const open = place === unit ? "is-open" : null;
    const attributes = {"data-term": "exponential", "data-index": place, "data-value": exponentials[place], class: open};
    const numbers = [logits[place], logits[place] - maximum].map((number) => formatDecimals(number, decimals));
    const bar = newElement("span", {class: "share-bar", "aria-hidden": "true"}, sizedPart(exponentials[place], null));
    numbers.push(inFull(exponentials[place]), newElement("td", share, inFull(probabilities[place])));
    return termRow(attributes, {name: nameOf(place)}, numbers, bar);
  });
  const head = termHead(newElement("td"), [["logit", "logit"], ["− max", "softmax"], ["exp", "softmax"], ["÷ total", "softmax"]]);
  const rest = hidden.reduce((sum, place) => sum + exponentials[place], 0);
  const others = hidden.length ? [sumRow("exponential-rest", `the other ${hidden.length}`, rest, inFull)] : [];
  const foot = sumRow("total", "total", total, inFull);
  const sum = newElement("p", {class: "arithmetic-sentence"}, newElement("bdi", {}, nameOf(unit)), ": ",
    `${inFull(exponentials[unit])} ÷ ${inFull(total)} = `,
    newElement("b", {"data-term": "after", "data-value": probabilities[unit]}, inFull(probabilities[unit])), ".");
  const scroll = scrollingTable("Softmax computation", " softmax", head, [...rows, ...others], foot);
  const parts = shown.map((place) => sizedPart(probabilities[place], place === unit ? "is-open" : null));
  const whole = newElement("div", {class: "softmax-whole", "aria-hidden": "true"}, ...parts);
  return [newElement("p", {class: "arithmetic-title"}, "Softmax: exponentials, divided by their total, before any calibration"), whole, scroll, sum];
}

function sizedPart(share, name) {
  return newElement("i", {class: name, style: {width: `${100 * share}%`}});
}

/** Create a row with a number in the column of exponentials only. */
function sumRow(term, title, value, inFull) {
  return newElement("tr", {"data-term": term, "data-value": value}, newElement("th", {scope: "row"}, title),
    newElement("td"), newElement("td"), newElement("td", {class: "n"}, inFull(value)), newElement("td"), newElement("td"));
}
