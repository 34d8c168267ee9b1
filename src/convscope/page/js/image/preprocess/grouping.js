/**
 * Grouping of ink components into digits; rule and constants as in `data/digits/grouping.py`. Pure: no DOM.
 * @typedef {import("./pixel-statistics.js").InkBox} InkBox
 * @typedef {{pieces: number[], box: InkBox, area: number}} Group
 */

/** A piece is small whose height is under 1 / 2 of a digit's. */
const SMALL_PIECE = 2;
/** A small piece belongs to a large one within 1 / 4 of a digit's height. */
const PIECE_REACH = 4;
/** A small piece with nothing near is a digit from 1 / 3 of a digit's height or width on. */
const PIECE_ALONE = 3;
/** Where digits are under 8 pixels high, … */
const MIN_DIGIT = 8;
/** … or under 1 / 64 of the picture's longer side, they are grain. */
const MIN_DIGIT_SHARE = 64;
/** A piece is dirt whose area is under (1 / 20)² of a digit's height squared. */
const DIRT_PIECE = 20;

/**
 * Return the digits among the components, in the order of their first pixels.
 * @param {boolean} dropsCutOff whether pieces at the picture's edge are left out, unless there are no others
 * @returns {Group[]}
 */
export function groupPieces(components, dropsCutOff) {
  const {boxes, areas} = components;
  const all = boxes.map((_, piece) => piece);
  const inside = dropsCutOff ? all.filter((piece) => !isCutOff(boxes[piece], components)) : all;
  const counted = inside.length ? inside : all;
  if (!counted.length) return [];
  const height = digitHeight(counted.map((piece) => [boxHeight(boxes[piece]), areas[piece]]));
  if (height < MIN_DIGIT || MIN_DIGIT_SHARE * height < Math.max(components.height, components.width)) return [];
  const pieces = counted.filter((piece) => DIRT_PIECE ** 2 * areas[piece] >= height * height);
  const large = pieces.filter((piece) => SMALL_PIECE * boxHeight(boxes[piece]) >= height);
  const near = neighbourhoods(large.map((piece) => [piece, boxes[piece]]), height);
  const owners = new Map(large.map((piece) => [piece, piece]));
  for (const piece of large) {
    for (const other of near(boxes[piece], 0)) {
      if (other >= piece || !lieOverEachOther(boxes[piece], boxes[other])) continue;
      const [one, two] = [ownerOf(owners, piece), ownerOf(owners, other)];
      owners.set(Math.max(one, two), Math.min(one, two));
    }
  }
  for (const piece of large) owners.set(piece, ownerOf(owners, piece));
  for (const piece of pieces.filter((each) => !owners.has(each))) {
    let [gap, nearest] = [height, -1];
    for (const other of near(boxes[piece], Math.floor(height / PIECE_REACH))) {
      const away = boxGap(boxes[piece], boxes[other]);
      if (away < gap || (away === gap && other < nearest)) [gap, nearest] = [away, other];
    }
    if (PIECE_REACH * gap <= height) owners.set(piece, owners.get(nearest));
    else if (PIECE_ALONE * Math.max(boxHeight(boxes[piece]), boxWidth(boxes[piece])) >= height) owners.set(piece, piece);
  }
  const groups = new Map();
  for (const piece of [...owners.keys()].sort((one, two) => one - two)) {
    const [owner, group] = [owners.get(piece), {pieces: [piece], box: boxes[piece], area: areas[piece]}];
    groups.set(owner, groups.has(owner) ? mergedGroup(groups.get(owner), group) : group);
  }
  return [...groups.values()];
}

/** @param {Group} one @param {Group} other */
export function mergedGroup(one, other) {
  const [low, high] = [(side) => Math.min(one.box[side], other.box[side]), (side) => Math.max(one.box[side], other.box[side])];
  const box = {top: low("top"), left: low("left"), bottom: high("bottom"), right: high("right")};
  return {pieces: [...one.pieces, ...other.pieces], box, area: one.area + other.area};
}

/** Return a function that gives the boxes near a box, by the squares of a grid: without comparing all pairs. */
function neighbourhoods(entries, side) {
  const squares = new Map();
  for (const [key, box] of entries) {
    for (const square of covered(box, 0)) {
      if (!squares.has(square)) squares.set(square, []);
      squares.get(square).push(key);
    }
  }
  return (box, reach) => new Set(covered(box, reach).flatMap((square) => squares.get(square) ?? []));

  function covered({top, left, bottom, right}, reach) {
    const found = [];
    for (let row = Math.floor((top - reach) / side); row * side <= bottom + reach; row++) {
      for (let column = Math.floor((left - reach) / side); column * side <= right + reach; column++) found.push(`${row} ${column}`);
    }
    return found;
  }
}

function ownerOf(owners, piece) {
  while (owners.get(piece) !== piece) piece = owners.get(piece);
  return piece;
}

/** Return whether a box touches the edge of the image. @param {InkBox} box @param {{height: number, width: number}} size */
export function isCutOff({top, left, bottom, right}, {height, width}) {
  return top === 0 || left === 0 || bottom === height - 1 || right === width - 1;
}

/** Return the height of a digit, from [height, area] pairs: half of the area is in components at least as high. */
function digitHeight(heights) {
  const total = heights.reduce((sum, [, area]) => sum + area, 0);
  let soFar = 0;
  const sorted = [...heights].sort((one, two) => two[0] - one[0] || two[1] - one[1]);
  return sorted.find(([, area]) => 2 * (soFar += area) >= total)[0];
}

export function boxHeight({top, bottom}) {
  return bottom - top + 1;
}

export function boxWidth({left, right}) {
  return right - left + 1;
}

/** Return the pixels between two boxes, horizontally or vertically, whichever is larger; 0 if they touch or overlap. */
export function boxGap(one, other) {
  const across = Math.max(one.left, other.left) - Math.min(one.right, other.right) - 1;
  const down = Math.max(one.top, other.top) - Math.min(one.bottom, other.bottom) - 1;
  return Math.max(across, down, 0);
}

/** Return whether two boxes share half of the smaller one's area. */
function lieOverEachOther(one, other) {
  const across = Math.min(one.right, other.right) - Math.max(one.left, other.left) + 1;
  const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) + 1;
  const smaller = Math.min(boxHeight(one) * boxWidth(one), boxHeight(other) * boxWidth(other));
  return 2 * Math.max(across, 0) * Math.max(down, 0) >= smaller;
}
