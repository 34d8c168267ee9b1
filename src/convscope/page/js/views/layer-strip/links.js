import {newShape} from "../../dom/element.js";
import {tileCorner} from "../../dom/tiles.js";
import {channelRead} from "../../network/receptive-field.js";
import {isPicture} from "../../network/shape.js";
import {PRODUCTS} from "./layout.js";

/** Links between the blocks of the layer strip, and from the last one to the bars of the classes. */

/** Ribbons of a class or a unit, at most; the others are too thin to see. */
const MAX_RIBBONS = 40;
/** Pixels of the widest. */
const WIDEST = 9;

/** @param {HTMLElement} place below the whole strip @param {HTMLElement[]} faces of the blocks, then the bars */
export function drawConnectors(place, faces) {
  const ground = place.getBoundingClientRect();
  const edges = faces.map((face) => face.getBoundingClientRect());
  const connectors = newShape("svg", {width: ground.width, height: ground.height, "aria-hidden": "true"}, newShape("g"));
  edges.slice(1).forEach((to, before) => {
    const from = edges[before];
    if (to.left < from.right) return; // begins another line
    const corners = [[from.right, from.top], [to.left, to.top], [to.left, to.bottom], [from.right, from.bottom]];
    const points = corners.map(([x, y]) => `${x - ground.left},${y - ground.top}`).join(" ");
    connectors.prepend(newShape("polygon", {points}));
  });
  place.replaceChildren(connectors);
}

/**
 * Draw ribbons from tiles of the last block to bars, as wide as |weight × activation|.
 * @param {HTMLElement} place that of the connectors
 * @param {{block: import("./layout.js").StripBlock, face: HTMLElement} | null} last null for none
 * @param {{tile: number, bar: Element, value: number}[]} [ribbons]
 */
export function drawRibbons(place, last, ribbons = []) {
  const group = place.querySelector("g");
  if (!group || (!last && !group.firstChild)) return;
  group.replaceChildren();
  if (!last) return;
  const shown = ribbons.filter(({value}) => value).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, MAX_RIBBONS);
  const [ground, face] = [place, last.face].map((each) => each.getBoundingClientRect());
  for (const {tile, bar, value} of shown) {
    const {left, top, height} = bar.getBoundingClientRect();
    if (left < face.right) return; // the bars stand elsewhere
    const corner = tileCorner(last.block, tile);
    const [x, y] = [face.left - ground.left + corner.left + last.block.columns, face.top - ground.top + corner.top + last.block.rows / 2];
    const [endX, endY] = [left - ground.left - 4, top - ground.top + height / 2];
    const middle = (x + endX) / 2;
    const width = Math.max(0.5, (WIDEST * Math.abs(value)) / Math.abs(shown[0].value));
    const d = `M${x} ${y}C${middle} ${y} ${middle} ${endY} ${endX} ${endY}`;
    group.append(newShape("path", {d, "stroke-width": width.toFixed(2), class: value > 0 ? "more" : "less"}));
  }
}

/**
 * Which tiles of the layer strip take part in what is pointed at, and how much the last ones say for a class. Pure: no DOM.
 * @typedef {import("../../network/network.js").Network} Network
 * @typedef {import("./layout.js").StripBlock} StripBlock
 */

/**
 * @param {number} at the block pointed at
 * @param {number} tile in it
 * @returns {((tile: number) => boolean)[]} per block, whether a tile is the one pointed at, feeds it, or is fed by it
 */
export function linkedTiles({layers}, blocks, at, tile) {
  const readBy = ({layer: {name}}, each) => {
    const layer = layers.find((other) => other.name === name);
    if (!isPicture(layer.inputShape)) return layer.kind === "Dense" ? -1 : each;
    return channelRead(layer, isPicture(layer.outputShape) ? [0, 0, each] : [each]);
  };
  const isRead = (reader, each, source) => [-1, source].includes(readBy(reader, each));
  return blocks.map((block, place) => {
    if (place === 0) return () => true; // the receptive field is marked on it
    if (place === at) return (each) => each === tile;
    if (place === at - 1) return (each) => isRead(blocks[at], tile, each);
    if (place === at + 1) return (each) => isRead(block, each, tile);
    return () => false;
  });
}

/**
 * Return what each tile of the last block adds to each class before the softmax: weight × activation, summed over the tile.
 * @param {Float32Array} data its values
 * @returns {((tile: number, target: number) => number) | null} null where another layer lies between
 */
export function contributionsOf({layers}, {layer, count}, data) {
  const {kind, weights, outputShape: [classes]} = layers[layers.length - 1];
  const sum = (tile, weightAt) => {
    let total = 0;
    for (let place = tile; place < data.length; place += count) total += data[place] * weightAt(place);
    return total;
  };
  if (layer.kind === PRODUCTS) return (tile, target) => (tile === target ? sum(tile, () => 1) : 0);
  if (kind === "Dense" && weights.kernel.length === data.length * classes) {
    return (tile, target) => sum(tile, (place) => weights.kernel[place * classes + target]);
  }
  return kind !== "Dense" && data.length === classes ? (tile, target) => (tile === target ? data[tile] : 0) : null;
}
