import {formatNumber} from "../image/scale.js";
import {accountFoot, decimalsOfAccount} from "./account-lines.js";
import {cssColor, colorOf, textOn} from "../image/color.js";
import {decimalsFor, inDecimals} from "./digits.js";
import {newNode} from "./node.js";
import {largestFirst} from "./summands.js";

/**
 * @typedef {import("../image/color.js").ColorScale} ColorScale
 *
 * @typedef {object} ConvolutionView
 * @property {number} width of the window
 * @property {boolean} isWhole whether all channels are shown
 * @property {number} extra decimals
 * @property {(channel: number) => ColorScale} inputScale
 * @property {ColorScale} weightScale
 * @property {Uint8Array} signed the table of colours for products
 * @property {string} inputName what is read
 * @property {boolean} isColour whether that are red, green and blue
 */

const COLOURS = ["red", "green", "blue"];

/** Channels whose products are written out before anybody asks for all of them. */
export const FIRST_CHANNELS = 3;

/**
 * Input × weight = product for every place of the window, channel by channel; the sums; the bias; the activation function.
 *
 * @param {Document} page
 * @param {import("../engine/arithmetic.js").Explanation} told
 * @param {ConvolutionView} view
 * @returns {Node[]}
 */
export function convolutionAccount(page, told, {width, isWhole, extra, inputScale, weightScale, signed, inputName, isColour}) {
  const products = told.channels.flatMap(({terms}) => terms.map(({product}) => product));
  const extent = Math.max(1e-12, ...products.map(Math.abs));
  const decimals = {
    input: decimalsFor(told.channels.flatMap(({terms}) => terms.map(({input}) => input))) - 1 + extra,
    weight: decimalsFor([weightScale.maximum]) + extra,
    product: decimalsOfAccount(told, products) + extra,
  };
  const nameOfChannel = (channel) => (isColour ? COLOURS[channel] : `channel ${channel}`);
  const scales = {weight: weightScale, product: {minimum: -extent, maximum: extent, table: signed}};
  const isSingle = told.channels.length === 1;
  const isShort = !isWhole && told.channels.length > FIRST_CHANNELS;
  const {shown, hidden, rest} = largestFirst(told.channels, ({sum}) => sum, isShort ? FIRST_CHANNELS : Infinity, isShort);
  const rows = shown.map(({channel, sum, terms}) => {
    const colours = {...scales, input: inputScale(channel)};
    const grids = [["input", ""], ["weight", "×"], ["product", "="]].map(([part, sign]) => newNode(page, "span", {class: "term-part"},
      sign && newNode(page, "span", {class: "sign"}, sign),
      termGrid(page, part, terms, width, colours[part], Math.max(0, decimals[part]))));
    const total = newNode(page, "p", {class: "channel-total", "data-term": "channel-total", "data-value": sum},
      "adds up to ", newNode(page, "b", {}, inDecimals(sum, decimals.product)));
    const name = newNode(page, "p", {class: "channel-name"}, nameOfChannel(channel));
    const label = isSingle ? `${terms.length} products` : `${nameOfChannel(channel)}: ${terms.length} products`;
    return newNode(page, "div", {class: "account-channel", role: "group", "aria-label": label, "data-channel": channel},
      isSingle ? null : name, ...grids, isSingle ? null : total);
  });
  const lines = isSingle ? [] : shown.map(({channel, sum}) => ["channel-sum", sum, `from ${nameOfChannel(channel)}`]);
  if (hidden) lines.push(["rest", rest, `from the other ${hidden} channels`]);
  lines.push(["sum", told.sum, isSingle ? `sum of the ${products.length} products` : `from all ${told.channels.length} channels`]);
  lines.push(["bias", told.bias, "bias"]);
  const channelsToo = isSingle ? "" : ` and every channel of ${inputName}`;
  const heading = `${inputName === "the image" ? "Pixel" : "Input"} × weight = product, for every place of the window${channelsToo}:`;
  return [newNode(page, "p", {class: "account-title"}, heading), ...rows, accountFoot(page, told, decimals.product, lines)];
}

/** One of the three grids. */
function termGrid(page, part, terms, width, scale, decimals) {
  const texts = terms.map((term) => inDecimals(term[part], decimals));
  const cells = terms.map((term, place) => {
    const value = term[part];
    const isOutside = part === "input" && term.padding;
    const cell = newNode(page, "span", {
      "data-term": part, "data-value": value, class: isOutside ? "outside" : null,
      title: isOutside ? "outside the picture, so 0" : `row ${term.row}, column ${term.column}: ${formatNumber(value, 6)}`,
    }, texts[place]);
    const colour = colorOf(value, scale);
    if (!isOutside) [cell.style.backgroundColor, cell.style.color] = [cssColor(colour), textOn(colour)];
    return cell;
  });
  const grid = newNode(page, "span", {class: `term-grid ${part}`}, ...cells);
  // As wide as a sign and the digits, so that the grids of all channels stand below each other.
  grid.style.gridTemplateColumns = `repeat(${width}, ${Math.max(...texts.map((text) => text.replace("−", "").length)) + 2}ch)`;
  return grid;
}
