/**
 * Decoding of numeric arrays stored as byte planes: all first bytes, then all second bytes, lowest first. Pure: no DOM.
 * @typedef {"uint8" | "uint16" | "uint32" | "float32"} NumberType
 * @typedef {Uint8Array | Uint16Array | Uint32Array | Float32Array} Numbers
 */

/** Typed array for each type name; browsers are little-endian on every platform that they support. */
const BINARY_FORMS = {uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, float32: Float32Array};

function decodeNumbers(bytes, type) {
  const Form = BINARY_FORMS[type];
  if (!Form) throw new Error(`unknown number type ${type}; known: ${Object.keys(BINARY_FORMS).join(", ")}`);
  const width = Form.BYTES_PER_ELEMENT;
  if (bytes.length % width) throw new Error(`${bytes.length} bytes do not divide into ${type} numbers of ${width} bytes`);
  if (width === 1) return bytes;
  return new Form(joinBytePlanes(bytes, width).buffer);
}

/**
 * @param {Uint8Array} bytes as many planes as a number has bytes
 * @param {number} width bytes of a number
 * @returns {Uint8Array} number after number
 */
function joinBytePlanes(bytes, width) {
  const joined = new Uint8Array(bytes.length);
  const count = bytes.length / width;
  for (let plane = 0; plane < width; plane++) {
    const start = plane * count;
    for (let place = 0; place < count; place++) joined[place * width + plane] = bytes[start + place];
  }
  return joined;
}

/** Decode a float16 (IEEE 754 binary16): one sign bit, five exponent bits, ten fraction bits. */
export function halfValue(bits) {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24; // too small for a leading one
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * Arrays embedded in the page as text elements: zlib-compressed bytes in base64.
 *
 * Decoding takes a few milliseconds per megabyte and caches nothing; callers keep what they need twice.
 * @typedef {{getElementById: (id: string) => {textContent: string | null} | null}} Page a document, or what stands for one
 */

/** @param {Page} page @param {string} id @returns {Promise<Uint8Array>} the bytes */
export async function readBinaryData(page, id) {
  if (page.readyState === "loading" && !page.getElementById(id)?.nextSibling) await whenParsed(page); // it may be cut
  const element = page.getElementById(id);
  if (!element) throw new Error(`the payload names the binary data ${id}, but the page has no such element`);
  const compressed = bytesOfText((element.textContent ?? "").trim());
  const {readable, writable} = new DecompressionStream("deflate"); // a Blob's stream would go through another process
  const writer = writable.getWriter();
  Promise.all([writer.write(compressed), writer.close()]).catch(() => {}); // damaged bytes fail where they are read
  return new Uint8Array(await new Response(readable).arrayBuffer());
}

/** @param {Page} page @param {string} id @param {NumberType} type @returns {Promise<Numbers>} */
export async function readNumbers(page, id, type) {
  return decodeNumbers(await readBinaryData(page, id), type);
}

/** Resolve when the whole page has been parsed: the script runs before the story and its data are there. */
export function whenParsed(page) {
  if (page.readyState !== "loading") return Promise.resolve();
  return new Promise((resolve) => page.addEventListener("DOMContentLoaded", resolve, {once: true}));
}

/** @param {string} text base64 */
function bytesOfText(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = characters.charCodeAt(place);
  return bytes;
}
