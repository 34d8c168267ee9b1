// Reads what test_islands.py wrote with the page's own readers, and writes what came out: node data_run.mjs page.json out.json
import {readFileSync, writeFileSync} from "node:fs";
import {inputsOfImage, readReferenceImages, readTestImages} from "../../src/convscope/page/js/data/images.js";
import {readBinaryData, readNumbers} from "../../src/convscope/page/js/data/typed-arrays.js";
import {readWeights} from "../../src/convscope/page/js/data/weights.js";

const [, , from, to] = process.argv;
const {islands, payload, numbers} = JSON.parse(readFileSync(from, "utf-8"));
const page = {getElementById: (id) => (id in islands ? {textContent: `\n${islands[id]}\n`} : null)};
const epochs = [...(payload.weights?.epochs ?? []).keys()];
const images = await readTestImages(page, payload);
const results = {
  numbers: Object.fromEntries(await Promise.all(numbers.map(async ([id, type]) => [id, await readNumbers(page, id, type)]))),
  weights: await Promise.all([...epochs, "final"].map((which) => readWeights(page, payload, which))),
  test: images,
  inputs: images && inputsOfImage(images, images.count - 1),
  reference: await readReferenceImages(page, payload),
  errors: await Promise.all([
    complaintOf(readBinaryData(page, "nowhere")),
    complaintOf(readNumbers(page, numbers[0][0], "float8")),
    complaintOf(readWeights(page, payload, 99)),
  ]),
};
writeFileSync(to, JSON.stringify(results, (_, value) => (ArrayBuffer.isView(value) ? plain(value) : value)));

/** JSON has neither NaN nor infinity nor a zero below zero. */
function plain(array) {
  return Array.from(array, (value) => (Number.isFinite(value) && !Object.is(value, -0) ? value : `${Object.is(value, -0) ? "-0" : value}`));
}

async function complaintOf(promise) {
  return promise.then(() => "", (error) => error.message);
}
