import {csvOf} from "../../data/csv.js";

/**
 * Files made of the page's own data: NumPy archives and tables. Pure: no DOM.
 * @typedef {{name: string, shape: number[], data: Float32Array}} NamedArray
 */

const CRC_TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** Return an `.npz` file, which `numpy.load` reads: an uncompressed zip archive with one `.npy` file per array. */
export function npzOf(arrays) {
  const entries = arrays.map(({name, shape, data}) => ({name: new TextEncoder().encode(`${name}.npy`), bytes: npyOf(shape, data)}));
  const [parts, directory] = [[], []];
  let offset = 0;
  for (const {name, bytes} of entries) {
    // Version 2.0, names in UTF-8, stored, 1 January 1980: equal arrays give equal files.
    const shared = [u16(20), u16(0x800), u16(0), u16(0), u16(33), u32(crcOf(bytes)), u32(bytes.length), u32(bytes.length), u16(name.length), u16(0)];
    const local = joined([u32(0x04034b50), ...shared, name, bytes]);
    directory.push(u32(0x02014b50), u16(20), ...shared, u16(0), u16(0), u16(0), u32(0), u32(offset), name);
    parts.push(local);
    offset += local.length;
  }
  const listed = joined(directory);
  const end = [u32(0x06054b50), u16(0), u16(0), u16(entries.length), u16(entries.length), u32(listed.length), u32(offset), u16(0)];
  return joined([...parts, listed, ...end]);
}

/** Return an `.npy` file, format 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npyOf(shape, data) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const padded = `${header}${" ".repeat(63 - ((header.length + 10) % 64))}\n`;
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);
  return joined([magic, u16(padded.length), new TextEncoder().encode(padded), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

/**
 * Return the predictions for the test images in this page, one row per image.
 * @param {import("../../data/images.js").TestImages} test
 */
export function predictionsCsv({indices, labels, predictions, confidence, trueProbability}, names) {
  const rows = Array.from(indices, (index, row) => [
    index, names[labels[row]], names[predictions[row]], confidence[row], trueProbability[row],
  ]);
  return csvOf(["index", "label", "predicted", "confidence", "label_probability"], rows);
}

function crcOf(bytes) {
  let crc = -1;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

function u16(number) {
  return Uint8Array.of(number, number >>> 8);
}

function u32(number) {
  return Uint8Array.of(number, number >>> 8, number >>> 16, number >>> 24);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, {length}) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
