import {numbersFrom} from "./numbers.js";

/**
 * Arrays that stand in the page as text, each in an element of its own: bytes, compressed by zlib, in base64. Reading takes
 * a few milliseconds per megabyte and keeps nothing: who needs an island twice keeps it.
 *
 * @typedef {import("./numbers.js").Numbers} Numbers
 * @typedef {{getElementById: (id: string) => {textContent: string | null} | null}} Page a document, or what stands for one
 */

/**
 * @param {Page} page
 * @param {string} id
 * @returns {Promise<Uint8Array>} the bytes
 */
export async function readIsland(page, id) {
  const element = page.getElementById(id);
  if (!element) throw new Error(`the page has no island ${id}; one that its payload names was expected`);
  const compressed = bytesOfText((element.textContent ?? "").trim());
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * @param {Page} page
 * @param {string} id
 * @param {import("./numbers.js").NumberType} type
 * @returns {Promise<Numbers>} the numbers; float16 as a Float32Array
 */
export async function readNumbers(page, id, type) {
  return numbersFrom(await readIsland(page, id), type);
}

/**
 * @param {string} text base64
 * @returns {Uint8Array}
 */
function bytesOfText(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = characters.charCodeAt(place);
  return bytes;
}
