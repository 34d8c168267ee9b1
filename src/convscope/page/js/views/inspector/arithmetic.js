import {newElement, writeText} from "../../dom/element.js";
import {decimalsFor, formatDecimals} from "../../dom/format.js";
import {sourceOfLayer} from "../../network/receptive-field.js";
import {FIRST_CLASSES, FIRST_TERMS, convolutionArithmetic, denseArithmetic, softmaxArithmetic} from "./arithmetic-layers.js";
import {arithmeticFoot, arithmeticNumber, placeTitle, valueCell} from "./arithmetic-lines.js";
import {placeInWords} from "./selected-unit.js";

/** Extra decimals on request; a float32 has at most nine significant digits. */
const MORE_DIGITS = 4;

/**
 * The exact arithmetic of the open unit: all terms and their sum.
 * @typedef {object} ArithmeticView
 * @property {import("../../dom/signed-layers.js").LayerScales} scales
 * @property {number} weightExtent to which the colours of the unit's weights go
 * @property {number} channel the input channel whose window is shown
 */
export class UnitArithmetic {
  /** @param {{openUnit: (index: number, place: number[]) => void, redraw: () => void}} callbacks */
  constructor(session, callbacks) {
    Object.assign(this, {session, callbacks});
    [this.isWhole, this.extra] = [false, 0];
    this.layer = -1;
    this.body = newElement("div", {class: "arithmetic-body"});
    this.more = newElement("button", {type: "button", class: "arithmetic-more"});
    this.more.hidden = true; // until a list is shortened
    this.more.addEventListener("click", () => {
      this.isWhole = !this.isWhole;
      callbacks.redraw();
    });
    this.finer = newElement("button", {type: "button", class: "arithmetic-finer", "aria-pressed": "false"}, "More digits");
    this.finer.addEventListener("click", () => {
      this.extra = this.extra ? 0 : MORE_DIGITS;
      this.finer.setAttribute("aria-pressed", String(this.extra > 0));
      callbacks.redraw();
    });
    this.tail = newElement("div", {class: "arithmetic-tail"});
    this.buttons = newElement("p", {class: "arithmetic-buttons"}, this.more, this.finer);
    this.element = newElement("div", {class: "arithmetic"}, this.body, this.tail);
  }

  /** @param {import("../../network/unit-arithmetic.js").Explanation} told @param {ArithmeticView} view */
  show({index, place}, told, view) {
    if (index !== this.layer) [this.layer, this.isWhole] = [index, false];
    const {session: {network}} = this;
    const layer = network.layers[index];
    const source = {...sourceOfLayer(network, index)};
    source.name = source.index < 0 ? "the image" : network.layers[source.index].name;
    this.element.dataset.kind = told.kind;
    this.body.replaceChildren(...this.partsOf(layer, index, place, told, source, view));
    this.tail.replaceChildren(...(told.softmax ? softmaxArithmetic(told, {isWhole: this.isWhole, extra: this.extra, nameOf: this.nameOfUnit(index)}) : []));
    this.offerMore(told);
  }

  partsOf(layer, index, place, told, source, view) {
    const {isWhole, extra, callbacks, session: {network}} = this;
    const before = index > 0 ? network.layers[index - 1] : null;
    if (told.kind === "convolution") return convolutionArithmetic(told, {layer, index, isWhole, extra, ...view});
    if (told.kind === "dense") {
      const prefix = place.slice(0, -1);
      const read = prefix.length && before ? {index: index - 1, name: before.name, shape: before.outputShape} : source;
      return denseArithmetic(told, {isWhole, extra, source: read, prefix, openUnit: callbacks.openUnit});
    }
    if (told.kind === "maximum" || told.kind === "mean") {
      const channel = place[place.length - 1];
      const openWinner = (row, column) => before && callbacks.openUnit(index - 1, [row, column, channel]);
      return poolingArithmetic(told, {scale: view.scales.of(index - 1, channel), extra, openWinner});
    }
    if (told.kind !== "copy") return affineArithmetic(told, extra);
    const openSource = before && told.from ? () => callbacks.openUnit(index - 1, told.from) : null;
    return identityArithmetic(told, {name: before?.name ?? "the image", shape: layer.inputShape, openSource, kind: layer.kind, extra});
  }

  /** Return the name of a unit; in the last layer, its class. */
  nameOfUnit(index) {
    const {network: {layers}, names} = this.session;
    const isLast = index === layers.length - 1 && layers[index].outputShape[0] === names.length;
    return (unit) => (isLast ? names[unit] : `unit ${unit}`);
  }

  /** Offer to show all terms of a shortened list. */
  offerMore({kind, channels, terms, softmax}) {
    const lists = [
      ["channels", kind === "convolution" ? channels.length : 0, 1],
      ["products", kind === "dense" ? terms.length : 0, FIRST_TERMS],
      ["classes", softmax?.logits.length ?? 0, FIRST_CLASSES],
    ].filter(([, count, first]) => count > first);
    this.more.hidden = !lists.length;
    const all = lists.map(([what, count]) => `${count.toLocaleString("en")} ${what}`).join(" and ");
    writeText(this.more, this.isWhole ? "Show fewer" : `Show all ${all}`);
    this.more.setAttribute("aria-expanded", String(this.isWhole));
  }
}

/** @typedef {import("../../image/color/paint.js").ColorScale} ColorScale */

/** Decimals in arithmetic of one or two lines. */
const DECIMALS = 5;

/** Show a pooling window with its maximum or mean. */
function poolingArithmetic(told, {scale, extra, openWinner}) {
  const {kind, window: places, ties, sum, count} = told;
  const width = places.filter(({row}) => row === places[0].row).length;
  const decimals = Math.min(4, decimalsFor(places.map(({value}) => value))) + extra;
  const isSmall = places.length <= 64;
  const cells = places.map((each) => {
    const attributes = {"data-term": "window", class: each.wins ? "wins" : null, title: placeTitle(each, each.value)};
    return valueCell(attributes, isSmall ? formatDecimals(each.value, decimals) : "", each.value, scale);
  });
  const grid = newElement("span", {class: "term-grid input", style: {"grid-template-columns": `repeat(${width}, max-content)`}}, ...cells);
  const box = newElement("div", {class: "arithmetic-channel"}, grid);
  if (kind === "mean") {
    const lines = [["sum", sum, "sum of the window"], ["count", count, "values in the window", `÷ ${count}`]];
    return [box, arithmeticFoot(told, DECIMALS + extra, lines)];
  }
  const winner = places.find(({wins}) => wins);
  const click = () => openWinner(winner.row, winner.column);
  const door = newElement("button", {type: "button", class: "link", click}, `row ${winner.row}, column ${winner.column}`);
  const others = ties ? `, as large as ${ties === 1 ? "one other" : `${ties} others`}` : "";
  const sentence = newElement("p", {class: "arithmetic-sentence"}, `The maximum of these ${places.length} values: `,
    arithmeticNumber("after", told.after, extra), ", from ", door, `${others}.`);
  return [box, sentence];
}

/** Show batch normalization or rescaling step by step. @param {number} extra decimals */
function affineArithmetic(told, extra) {
  if (told.kind === "rescaling") {
    const lines = [["input", told.input, "input"], ["scale", told.scale, "scale", `× ${formatDecimals(told.scale, 6)}`],
      ["bias", told.offset, "offset"]];
    return [arithmeticFoot(told, DECIMALS + extra, lines)];
  }
  const {input, mean, variance, epsilon, normalized, gamma, beta} = told;
  const deviation = Math.sqrt(variance + epsilon);
  const written = formatDecimals(mean, DECIMALS + extra);
  const lines = [
    ["input", input, "input"],
    ["mean", mean, "minus the channel's mean over the training images", `− ${written.startsWith("−") ? `(${written})` : written}`],
    ["deviation", deviation, "divided by its standard deviation", `÷ ${formatDecimals(deviation, DECIMALS + extra)}`],
    ["normalized", normalized, "is the normalised value", `= ${formatDecimals(normalized, DECIMALS + extra)}`],
    ["gamma", gamma, "gamma, a weight", `× ${formatDecimals(gamma, DECIMALS + extra)}`],
    ["bias", beta, "beta, a weight"],
  ];
  return [arithmeticFoot(told, DECIMALS + extra, lines)];
}

/**
 * Show a layer that copies its input or only applies an activation function.
 * @param {{name: string, shape: number[], openSource: (() => void) | null, kind: string, extra: number}} view what is copied, from which
 *   layer, with how many more decimals
 */
function identityArithmetic(told, {name, shape, openSource, kind, extra}) {
  if (!told.from) {
    const zero = arithmeticNumber("after", told.after, extra);
    return [newElement("p", {class: "arithmetic-sentence"}, "This unit is padding: ", zero, ".")];
  }
  const words = placeInWords(told.from, shape);
  const source = openSource ? newElement("button", {type: "button", class: "link", click: openSource}, words) : newElement("span", {}, words);
  const from = [" from ", newElement("bdi", {}, name), ", ", source, "."];
  if (told.activation === "linear" || told.softmax) {
    const training = /Dropout|Noise|Regularization|Random/.test(kind) ? " This layer is active in training only." : "";
    const sentence = ["A copy: ", arithmeticNumber(told.softmax ? "before" : "after", told.value, extra), ...from, training];
    return [newElement("p", {class: "arithmetic-sentence"}, ...sentence)];
  }
  return [
    newElement("p", {class: "arithmetic-sentence"}, "The input is ", arithmeticNumber("input", told.value, extra), ...from),
    arithmeticFoot(told, DECIMALS + extra),
  ];
}
