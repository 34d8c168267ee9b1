import {scaleRanges} from "../image/scale.js";
import {rangesOfLayers} from "../drawing/signs.js";
import {PRODUCTS} from "./layout.js";

/**
 * What the blocks of the river show, in numbers. Pure: knows no document.
 *
 * @typedef {import("./layout.js").RiverLayer} RiverLayer
 * @typedef {import("../image/color.js").ValueRange} ValueRange
 */

/**
 * @param {import("../live.js").Live} live
 * @param {RiverLayer} layer
 * @returns {{shape: number[], data: Float32Array}} activations; or weight × pixel, for each pixel and class
 */
export function riverNumbers({network, open, run}, {name, kind, shape}) {
  if (kind !== PRODUCTS) return run.activations[name];
  const {kernel} = network.layers[network.layers.length - 1].weights;
  const classes = shape[2];
  return {shape, data: kernel.map((weight, place) => weight * open.pixels[Math.floor(place / classes)])};
}

/**
 * From which value to which the colours of each layer go: as in the insides, so that one colour is one number there too.
 *
 * @param {import("../live.js").Live} live
 * @param {RiverLayer[]} layers
 * @param {boolean[]} signed
 * @param {import("../image/scale.js").ScaleMode} mode
 * @returns {Record<string, ValueRange[]>}
 */
export function riverRanges(live, layers, signed, mode) {
  if (layers[1]?.kind !== PRODUCTS) return rangesOfLayers(live.network, live.run, signed, mode);
  return scaleRanges({[layers[1].name]: riverNumbers(live, layers[1])}, mode, {signed: true});
}
