/**
 * Connected components of a mask, diagonal neighbours included; as in `data/digits/connected_components.py`. Pure: no DOM.
 * @typedef {{height: number, width: number, pixels: Uint8Array}} Mask row by row, 0 or 1
 * @typedef {object} Components in the order in which they are met row by row
 * @property {number} height of the mask
 * @property {number} width
 * @property {number[][]} runs row, first column, last column, piece
 * @property {import("./pixel-statistics.js").InkBox[]} boxes
 * @property {number[]} areas pixels of each
 */

/** @param {Mask} mask @returns {Components} */
export function labelComponents({height, width, pixels}) {
  const runs = [];
  const parents = [];
  let above = 0; // the first run of the row above that may still touch
  for (let row = 0, begun = 0; row < height; row++) {
    const before = begun;
    begun = runs.length;
    above = before;
    for (let column = 0; column < width; column++) {
      if (!pixels[row * width + column]) continue;
      const first = column;
      while (column + 1 < width && pixels[row * width + column + 1]) column++;
      const run = runs.push([row, first, column, 0]) - 1;
      parents.push(run);
      while (above < begun && runs[above][2] < first - 1) above++;
      for (let other = above; other < begun && runs[other][1] <= column + 1; other++) {
        const [one, two] = [rootOf(parents, run), rootOf(parents, other)];
        parents[Math.max(one, two)] = Math.min(one, two);
      }
    }
  }
  return measuredPieces({height, width}, runs, parents);
}

/** Return a mask of some of the components. @param {Components} components @param {number[]} pieces @returns {Mask} */
export function maskOfPieces({height, width, runs}, pieces) {
  const pixels = new Uint8Array(height * width);
  const wanted = new Set(pieces);
  for (const [row, first, last, piece] of runs) {
    if (wanted.has(piece)) pixels.fill(1, row * width + first, row * width + last + 1);
  }
  return {height, width, pixels};
}

function measuredPieces({height, width}, runs, parents) {
  const numbers = new Map();
  const boxes = [];
  const areas = [];
  runs.forEach((run, place) => {
    const [row, first, last] = run;
    const root = rootOf(parents, place);
    if (!numbers.has(root)) {
      numbers.set(root, boxes.push({top: row, left: first, bottom: row, right: last}) - 1);
      areas.push(0);
    }
    const piece = numbers.get(root);
    run[3] = piece;
    areas[piece] += last - first + 1;
    const box = boxes[piece];
    box.bottom = row;
    box.left = Math.min(box.left, first);
    box.right = Math.max(box.right, last);
  });
  return {height, width, runs, boxes, areas};
}

/** @param {number[]} parents shortened on the way @param {number} run */
function rootOf(parents, run) {
  while (parents[run] !== run) {
    parents[run] = parents[parents[run]];
    run = parents[run];
  }
  return run;
}
