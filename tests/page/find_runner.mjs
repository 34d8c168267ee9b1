// Finds the digit in every picture of a folder (pictures.json, pictures.bin) and writes what it gave (found.json): the other
// half of test_python_and_the_page_find_the_same_digit.
import {readFileSync, writeFileSync} from "node:fs";
import {detectDigit} from "../../src/convscope/page/js/image/preprocess/detect.js";

const folder = process.argv[2];
const asked = JSON.parse(readFileSync(`${folder}/pictures.json`, "utf8"));
const bytes = new Uint8Array(readFileSync(`${folder}/pictures.bin`));
// Stands for a network: the same sums in Python.
const logitsOf = (digit) => digit.reduce((sums, level, place) => ((sums[place % 10] += level), sums), Array(10).fill(0)).map((sum) => sum / 255);
let start = 0;
const found = asked.map(([height, width]) => {
  const begun = performance.now();
  const pixels = bytes.slice(start, (start += height * width));
  const {found: {box, count, isCleared}, pixels: digit} = detectDigit({height, width, pixels}, {}, logitsOf);
  return {box, count, isCleared, pixels: Buffer.from(digit).toString("base64"), milliseconds: performance.now() - begun};
});
writeFileSync(`${folder}/found.json`, JSON.stringify(found));
