import {maskOfPieces} from "./connected-components.js";

/** Panels, such as drawing pads in a screenshot: rule and constants as in `data/digits/panels.py`. Pure: no DOM. */

/** Share of a row or column of a panel that is ink at its edge. */
const MIN_LENGTH = 0.9;
/** Share of the component's sides that the panel must have. */
const MIN_EXTENT = 0.8;
/** Share of ink from which a panel is filled. */
const MIN_FILL = 0.6;
/** The same for a panel of up to this aspect. */
const [MIN_SQUARE_FILL, SQUARE] = [0.4, 1.2];
/** A longer rectangle is a stroke. */
const MAX_ASPECT = 2;
const MAX_PANELS = 100;
/** Panels within panels that are looked into. */
export const MAX_DEPTH = 4;

/**
 * @param {number} minSide pixels of the inside
 * @returns {{box: import("./pixel-statistics.js").InkBox, isFilled: boolean}[]} `box`: the inside
 */
export function findPanels(components, minSide) {
  const isLarge = ({top, left, bottom, right}, more) => Math.min(bottom - top, right - left) + more >= minSide;
  const isAll = ({top, left, bottom, right}) => bottom - top + 1 === components.height && right - left + 1 === components.width;
  const large = components.boxes.flatMap((box, piece) => (isLarge(box, 0) && !isAll(box) ? [piece] : [])).slice(0, MAX_PANELS);
  const found = large.map((piece) => panelOf(components, piece));
  const panels = found.filter(Boolean);
  if (panels.some((panel) => panel.isFilled)) {
    large.forEach((piece, place) => {
      if (!found[place] && !panels.some(({box}) => isWithin(components.boxes[piece], box))) found[place] = photoOf(components, piece);
    });
  }
  // Those inside another one are left to whoever looks into that one.
  const wide = found.filter((panel) => panel && isLarge(panel.box, 1));
  return wide.filter(({box}, place) => !wide.some(({box: around}, other) =>
    other !== place && isWithin(box, around) && (other < place || !isWithin(around, box))));
}

/** A component that fills most of its box, such as a photo whose edge is partly as bright as the page. */
function photoOf(components, piece) {
  const {top, left, bottom, right} = components.boxes[piece];
  const [height, width] = [bottom - top + 1, right - left + 1];
  if (components.areas[piece] < MIN_FILL * height * width || Math.max(height, width) > MAX_ASPECT * Math.min(height, width)) return null;
  const edge = softEdge(height, width);
  return {box: {top: top + edge, left: left + edge, bottom: bottom - edge, right: right - edge}, isFilled: true};
}

const softEdge = (height, width) => Math.max(4, Math.floor(Math.min(height, width) / 40));

const isWithin = (box, other) => box.top >= other.top && box.left >= other.left && box.bottom <= other.bottom && box.right <= other.right;

function panelOf(components, piece) {
  const box = components.boxes[piece];
  const mask = maskOfPieces(components, [piece]);
  const [high, wide] = [box.bottom - box.top + 1, box.right - box.left + 1];
  const [downs, acrosses] = [new Uint32Array(high), new Uint32Array(wide)];
  for (let row = 0; row < high; row++) {
    for (let column = 0; column < wide; column++) {
      const ink = mask.pixels[(box.top + row) * mask.width + box.left + column];
      downs[row] += ink;
      acrosses[column] += ink;
    }
  }
  const [rows, columns] = [longLines(downs, wide), longLines(acrosses, high)];
  if (!rows.length || !columns.length) return null;
  const [height, width] = [rows, columns].map((lines) => lines[lines.length - 1] - lines[0] + 1);
  if (height < MIN_EXTENT * high || width < MIN_EXTENT * wide || Math.max(height, width) > MAX_ASPECT * Math.min(height, width)) return null;
  const isSquare = Math.max(height, width) <= SQUARE * Math.min(height, width);
  const isFilled = components.areas[piece] >= (isSquare ? MIN_SQUARE_FILL : MIN_FILL) * height * width;
  const edge = isFilled
    ? softEdge(height, width)
    : Math.max(...[rows, columns].flatMap((lines) => [leading(lines), leading(lines.map((line) => -line).reverse())])) + 2;
  const [top, left] = [box.top + rows[0] + edge, box.left + columns[0] + edge];
  const inside = {top, left, bottom: top + height - 2 * edge - 1, right: left + width - 2 * edge - 1};
  return isFilled || components.boxes.some((each) => isWithin(each, inside)) ? {box: inside, isFilled} : null;
}

function longLines(counts, length) {
  return [...counts.keys()].filter((line) => counts[line] >= MIN_LENGTH * length);
}

function leading(lines) {
  const end = lines.findIndex((line, place) => line !== lines[0] + place);
  return end < 0 ? lines.length : end;
}
