/**
 * Many small pictures in one canvas: the channels of a layer, the kernels of a filter.
 *
 * All sizes are in units of one canvas pixel, which CSS enlarges by a whole factor. Pure: no DOM.
 * @typedef {object} TileLayout
 * @property {number} count how many tiles
 * @property {number} rows of one tile
 * @property {number} columns of one tile
 * @property {number} perLine tiles side by side
 * @property {number} gap between two tiles
 * @property {number} width of all
 * @property {number} height of all
 * @typedef {{tile: number, row: number, column: number}} TilePlace
 */

/** A full rectangle may take this many times the minimum number of lines. */
const LINES_FOR_RECTANGLE = 1.34;

/**
 * @param {{count: number, rows: number, columns: number}} tiles
 * @param {number} room for a line of tiles, in units
 * @returns {TileLayout} in lines that are filled evenly: 16 tiles where 9 have room are 8 and 8
 */
export function layOutTiles({count, rows, columns}, room, gap = 1) {
  const most = Math.min(count, Math.max(1, Math.floor((room + gap) / (columns + gap))));
  const perLine = tilesPerLine(count, most);
  const lines = Math.ceil(count / perLine);
  const width = perLine * (columns + gap) - gap;
  return {count, rows, columns, perLine, gap, width, height: lines * (rows + gap) - gap};
}

function tilesPerLine(count, most) {
  const least = Math.ceil(count / most);
  for (let perLine = most; count / perLine <= least * LINES_FOR_RECTANGLE; perLine--) {
    if (count % perLine === 0) return perLine;
  }
  return Math.ceil(count / least);
}

/** Return how many of `count` items to put in a line so that the block is about square, with full lines if possible. */
export function perLineOfBlock(count) {
  const side = Math.ceil(Math.sqrt(count));
  for (let perLine = side; perLine <= 2 * side; perLine++) if (count % perLine === 0) return perLine;
  return side;
}

/** @param {TileLayout} layout @param {number} tile @returns {{left: number, top: number}} */
export function tileCorner({perLine, rows, columns, gap}, tile) {
  return {left: (tile % perLine) * (columns + gap), top: Math.floor(tile / perLine) * (rows + gap)};
}

/**
 * @param {number} x in units from the left
 * @param {number} y in units from the top
 * @returns {TilePlace | null} null in a gap, and outside
 */
export function placeUnder({count, rows, columns, perLine, gap, width, height}, x, y) {
  if (!(x >= 0 && y >= 0 && x < width && y < height)) return null;
  const [column, row] = [Math.floor(x % (columns + gap)), Math.floor(y % (rows + gap))];
  const tile = Math.floor(y / (rows + gap)) * perLine + Math.floor(x / (columns + gap));
  return tile < count && row < rows && column < columns ? {tile, row, column} : null;
}

/**
 * Paint values in row order with the tile last, as in activations and kernels. NaN stays transparent.
 * @param {ArrayLike<number>} data rows · columns · count numbers
 * @param {(tile: number) => import("../image/color/paint.js").ColorScale} scaleOf
 * @param {Uint8ClampedArray | Uint8Array} target 4 · width · height bytes
 */
export function paintTiles(data, layout, scaleOf, target) {
  const {count, rows, columns, width} = layout;
  const pixels = new Uint32Array(target.buffer, target.byteOffset, width * layout.height);
  for (let tile = 0; tile < count; tile++) {
    const {minimum, maximum, table} = scaleOf(tile);
    const colours = new Uint32Array(table.buffer, table.byteOffset, 256);
    const factor = maximum > minimum ? 256 / (maximum - minimum) : 0;
    const {left, top} = tileCorner(layout, tile);
    let from = tile;
    for (let row = 0; row < rows; row++) {
      let to = (top + row) * width + left;
      for (let column = 0; column < columns; column++, to++, from += count) {
        const entry = (data[from] - minimum) * factor;
        // Inlined as in image/color/paint.js: this runs for every unit of the network in every frame of an animation.
        if (entry >= 255) pixels[to] = colours[255];
        else if (entry >= 0) pixels[to] = colours[entry | 0];
        else if (entry < 0) pixels[to] = colours[0];
      }
    }
  }
}
