import {placeUnder} from "../../dom/tiles.js";

/**
 * Layout of the layer strip: a block per layer, from input to last hidden layer, with a tile per channel or unit. Pure:
 * no DOM.
 *
 * A map of 26 × 26 gets a larger tile than one of 5 × 5, but not five times as large: each is enlarged by the whole
 * factor closest to an intermediate size.
 * @typedef {{name: string, kind: string, shape: number[], passes: string[]}} StripLayer `passes`: the layers before it that
 *   hand on their input as it is, and get no block
 * @typedef {import("../../dom/tiles.js").TileLayout & {layer: StripLayer, scale: number}} StripBlock in pixels of the page; `scale`: of
 *   them for one number of the map, below 1 where the map is larger than its tile
 */

/** Layer kinds that pass their input on at inference. */
const PASSING_KINDS = new Set(["Flatten", "Dropout", "SpatialDropout2D", "GaussianNoise", "InputLayer"]);
/** Kind of the block of weight × pixel, for a last layer that reads the pixels directly. */
export const PRODUCTS = "Products";
const TILE_GAP = 3;
/** More maps in a column look like a ladder. */
const MAX_ROWS = 12;
/** Ratio of the input's tile to the first layer's. */
const INPUT_SHARE = 1.6;
/** Pixels of a tile of the first layer. */
const FULL_TILE = 52;
/** Sizes to try, largest first; the small ones only where more lines do not help. */
const SIZES = [3, 2.5, 2, 1.75, 1.5, 1.35, 1.2, 1.1, 1, 0.92, 0.85, 0.78, 0.7, 0.6];
const SMALL_SIZES = [0.5, 0.4, 0.3, 0.2, 0.1];
/** Lines of blocks within the given height. */
const STRIP_LINES = 3;

/**
 * Return the layers with a block: the input and every computing layer but the last, whose values are bars.
 *
 * If there is none in between, each pixel's contribution to each class is shown instead.
 * @returns {StripLayer[]}
 */
export function stripLayers(network) {
  const layers = [{name: "", kind: "Input", shape: network.inputShape, passes: []}];
  let passes = [];
  const stop = network.layers.findIndex((layer) => layer.problem);
  const shown = stop < 0 ? network.layers.slice(0, -1) : network.layers.slice(0, stop);
  for (const {name, kind, outputShape: shape} of shown) {
    if (PASSING_KINDS.has(kind)) passes.push(name);
    else {
      layers.push({name, kind, shape, passes});
      passes = [];
    }
  }
  const last = network.layers[network.layers.length - 1];
  if (layers.length === 1 && stop < 0 && last.kind === "Dense" && network.inputShape[2] === 1) {
    const [height, width] = network.inputShape;
    layers.push({name: last.name, kind: PRODUCTS, shape: [height, width, last.outputShape[0]], passes});
  }
  return layers;
}

/**
 * Lay out the blocks so that all of them are in sight: in as few lines as fit, at the largest size; if none fits the height,
 * in a strip that is higher, and never in a wider one.
 * @param {{width: number, height: number, between: number, narrowest: number, head?: number, unit?: number}} room `between`: two
 *   blocks at least; `narrowest`: what the label of a block needs; `head`: the height of the labels of a line; `unit`: factor of
 *   all sizes
 * @returns {{blocks: StripBlock[], perLine: number}}
 */
export function layOutBlocks(layers, {width, height, between, narrowest, head = 0, unit = 1}) {
  const lay = (size, lines, room) => {
    const perLine = Math.ceil(layers.length / lines);
    const blocks = layers.map((layer) => blockOf(layer, layers[0].shape, size * FULL_TILE * unit, room));
    const columns = Array.from({length: perLine}, (_, column) => blocks.filter((_block, place) => place % perLine === column));
    const needed = columns.reduce((sum, column) => sum + Math.max(narrowest, ...column.map((block) => block.width)), between * (perLine - 1));
    return {blocks, perLine, fits: needed <= width, isLow: blocks.every((block) => block.height <= room)};
  };
  for (const sizes of [SIZES, SMALL_SIZES]) {
    for (let lines = 1; lines <= STRIP_LINES; lines++) {
      const room = (height - head * (lines - 1)) / lines;
      const found = sizes.map((size) => lay(size, lines, room)).find(({fits, isLow}) => fits && isLow);
      if (found) return found;
    }
  }
  for (let lines = 2; lines < layers.length; lines++) {
    const found = SIZES.map((size) => lay(size, lines, height)).find(({fits}) => fits);
    if (found) return found;
  }
  return lay(SMALL_SIZES[0], layers.length, height);
}

/**
 * @param {number} x in pixels of the page from the left of the block
 * @returns {import("../../dom/tiles.js").TilePlace | null} with the row and column of the map; null in a gap
 */
export function placeInBlock(block, x, y) {
  const place = placeUnder(block, x, y);
  return place && {tile: place.tile, row: Math.floor(place.row / block.scale), column: Math.floor(place.column / block.scale)};
}

function blockOf(layer, [inputHeight], size, room) {
  const {shape, kind} = layer;
  if (shape.length !== 3) return cellBlock(layer, room, size);
  const [height, width, channels] = shape;
  const isInput = kind === "Input";
  const wanted = isInput ? size * INPUT_SHARE : size * (0.5 + 0.5 * Math.min(1, height / inputHeight));
  const longest = Math.max(height, width);
  const scale = longest > wanted * 1.25 ? wanted / longest : Math.max(1, Math.round(wanted / longest));
  // A colour image is one picture, not three maps.
  return filled(layer, isInput ? 1 : channels, Math.round(height * scale), Math.round(width * scale), scale, room);
}

/** Lay out a flat layer: a square per unit. */
function cellBlock(layer, room, size) {
  const count = layer.shape.reduce((product, each) => product * each, 1);
  const cell = Math.max(4, Math.round((count <= 160 ? 0.19 : count <= 600 ? 0.12 : 0.08) * Math.min(size, 1.2 * FULL_TILE)));
  return filled(layer, count, cell, cell, cell, Math.min(room, Math.max(room / 2, Math.sqrt(2 * count) * (cell + 1))), 1);
}

/** Use as few columns as the height allows, or a few more to fill the last row. */
function filled(layer, count, tileHeight, tileWidth, scale, room, gap = TILE_GAP) {
  const fitting = Math.max(1, Math.floor((room + gap) / (tileHeight + gap)));
  const mostRows = layer.shape.length === 3 ? Math.min(fitting, Math.max(MAX_ROWS, Math.ceil(Math.sqrt(count)))) : fitting;
  const least = Math.ceil(count / mostRows);
  const even = Array.from({length: Math.ceil(least * 0.8)}, (_, more) => least + more).find((each) => count % each === 0);
  const perLine = Math.min(count, even ?? least);
  const lines = Math.ceil(count / perLine);
  return {
    layer, count, rows: tileHeight, columns: tileWidth, scale, perLine, gap,
    height: lines * (tileHeight + gap) - gap,
    width: perLine * (tileWidth + gap) - gap,
  };
}
