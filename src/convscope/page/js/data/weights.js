import {halfValue, readNumbers} from "./typed-arrays.js";

/**
 * Return the weights of an epoch for `makeNetwork`. They share one buffer, new for every call.
 * @param {import("./typed-arrays.js").Page} page
 * @param {{weights: WeightsEntry | null}} payload
 * @param {number | "final"} which place in `payload.weights.epochs`, or the finished network
 * @returns {Promise<Object<string, Float32Array> | null>} by `layer/weight`; null where the page holds no weights
 * @typedef {{arrays: {name: string, shape: number[], offset: number}[], size: number, final: string,
 *   epochs: {epoch: number, island: string, steps: number[] | null}[]}} WeightsEntry `steps`: of the differences from the
 *   final weights, by array; null for these themselves
 */
export async function readWeights(page, payload, which) {
  const {weights: entry} = payload;
  if (!entry) return null;
  const kept = which === "final" ? {steps: null} : entry.epochs[which];
  if (!kept) throw new Error(`no weights for epoch snapshot ${which}; the page has 0 to ${entry.epochs.length - 1}`);
  const values = await readNumbers(page, entry.final, "float32");
  if (kept.steps) addSteps(values, await readNumbers(page, kept.island, "uint16"), kept.steps, entry.arrays);
  if (values.length !== entry.size) throw new Error(`${entry.final} holds ${values.length} weights, not ${entry.size}`);
  return Object.fromEntries(
    entry.arrays.map(({name, shape, offset}) => [name, values.subarray(offset, offset + elementCount(shape))]),
  );
}

/** Make the weights of an epoch of the final ones. A step of 0 marks float16 numbers, by their bits. */
function addSteps(values, counts, steps, arrays) {
  if (counts.length !== values.length) throw new Error(`an epoch holds ${counts.length} weights, not ${values.length}`);
  arrays.forEach(({shape, offset}, place) => {
    const end = offset + elementCount(shape);
    if (!steps[place]) values.set(Float32Array.from(counts.subarray(offset, end), halfValue), offset);
    else for (let index = offset; index < end; index++) values[index] += steps[place] * ((counts[index] >> 1) ^ -(counts[index] & 1));
  });
}

function elementCount(shape) {
  return shape.reduce((product, size) => product * size, 1);
}
