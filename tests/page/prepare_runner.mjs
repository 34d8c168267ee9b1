// Prepares the pictures of a folder (pictures.json, pictures.bin) and writes what every step gave (prepared.json): the other
// half of test_python_and_the_page_prepare_the_same.
import {readFileSync, writeFileSync} from "node:fs";
import {prepareDigit} from "../../src/convscope/page/js/image/preprocess/mnist-style.js";
import {toGrey} from "../../src/convscope/page/js/image/preprocess/pixel-statistics.js";

const folder = process.argv[2];
const asked = JSON.parse(readFileSync(`${folder}/pictures.json`, "utf8"));
const bytes = new Uint8Array(readFileSync(`${folder}/pictures.bin`));
let start = 0;
const prepared = asked.map(({height, width, channels, settings}) => {
  const data = bytes.slice(start, (start += height * width * channels));
  const picture = channels === 4 ? toGrey({height, width, data}) : {height, width, pixels: data};
  return prepareDigit(picture, settings);
});
writeFileSync(`${folder}/prepared.json`, JSON.stringify(prepared, (_, value) =>
  value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value));
