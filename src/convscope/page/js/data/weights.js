import {readNumbers} from "./typed-arrays.js";

/**
 * Return the weights of an epoch for `makeNetwork`. They share one buffer, new for every call.
 *
 * @param {import("./typed-arrays.js").Page} page
 * @param {{weights: WeightsEntry | null}} payload
 * @param {number | "final"} which place in `payload.weights.epochs`, or the finished network
 * @returns {Promise<Object<string, Float32Array> | null>} by `layer/weight`; null where the page holds no weights
 *
 * @typedef {{arrays: {name: string, shape: number[], offset: number}[], size: number, final: string,
 *   epochs: {epoch: number, island: string, dtype: "float16" | "float32"}[]}} WeightsEntry
 */
export async function readWeights(page, payload, which) {
  const {weights: entry} = payload;
  if (!entry) return null;
  const kept = which === "final" ? {island: entry.final, dtype: "float32"} : entry.epochs[which];
  if (!kept) throw new Error(`no weights for epoch snapshot ${which}; the page has 0 to ${entry.epochs.length - 1}`);
  const values = await readNumbers(page, kept.island, kept.dtype);
  if (values.length !== entry.size) throw new Error(`${kept.island} holds ${values.length} weights, not ${entry.size}`);
  return Object.fromEntries(
    entry.arrays.map(({name, shape, offset}) => [name, values.subarray(offset, offset + elementCount(shape))]),
  );
}

function elementCount(shape) {
  return shape.reduce((product, size) => product * size, 1);
}
