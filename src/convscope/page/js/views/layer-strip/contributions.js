import {isPicture} from "../../network/shape.js";
import {channelRead} from "../../network/unit-receptive-field.js";
import {PRODUCTS} from "./layout.js";

/**
 * Which tiles of the layer strip take part in what is pointed at, and how much the last ones say for a class. Pure: no DOM.
 *
 * @typedef {import("../../network/network.js").Network} Network
 * @typedef {import("./layout.js").StripBlock} StripBlock
 */

/**
 * @param {Network} network
 * @param {StripBlock[]} blocks
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
 *
 * @param {Network} network
 * @param {StripBlock} block
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
