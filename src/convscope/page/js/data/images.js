import {readBinaryData, readNumbers} from "./typed-arrays.js";

/**
 * The images embedded in the page. Pixels are 0..255, image after image, row-major (h, w, c).
 * @typedef {{count: number, height: number, width: number, channels: number, pixels: Uint8Array, labels: Uint16Array,
 *   indices: Uint32Array}} Images `indices`: places in the split that the images are of, ascending for test images
 * @typedef {Images & {files: string[] | null, sampled: boolean, predictions: Uint16Array, confidence: Float32Array, trueProbability: Float32Array}}
 *   TestImages
 * @typedef {Images & {sample: number}} ReferenceImages the first `sample` of them are drawn at random, to search for neighbours
 */

/** @returns {Promise<TestImages | null>} null where the page was made without them */
export async function readTestImages(page, payload) {
  const entry = payload.evidence?.test;
  if (!entry) return null;
  const [images, predictions, confidence, trueProbability] = await Promise.all([
    readImages(page, payload, entry),
    readNumbers(page, entry.predictions, "uint16"),
    readNumbers(page, entry.confidence, "float32"),
    readNumbers(page, entry.true_probability, "float32"),
  ]);
  return {...images, files: entry.files ?? null, sampled: entry.sampled, predictions, confidence, trueProbability};
}

/** @returns {Promise<ReferenceImages | null>} null where the page was made without them */
export async function readReferenceImages(page, payload) {
  const entry = payload.evidence?.reference;
  if (!entry) return null;
  return {...(await readImages(page, payload, entry)), sample: entry.sample};
}

/** Return one image as network input. @param {Images} images @returns {Float32Array} h·w·c numbers in 0..1 */
export function inputsOfImage(images, row) {
  const size = images.height * images.width * images.channels;
  return Float32Array.from(images.pixels.subarray(row * size, (row + 1) * size), (level) => level / 255);
}

/** Read what test and reference images have in common. */
async function readImages(page, payload, entry) {
  const [height, width, channels] = payload.dataset.image_shape;
  const [pixels, labels, indices] = await Promise.all([
    readBinaryData(page, entry.images),
    readNumbers(page, entry.labels, "uint16"),
    entry.indices ? readNumbers(page, entry.indices, "uint32") : Uint32Array.from({length: entry.count}, (_, place) => place),
  ]);
  return {count: entry.count, height, width, channels, pixels, labels, indices};
}
