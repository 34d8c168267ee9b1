/**
 * Outlines, shading and labels drawn over a picture.
 *
 * @typedef {{left: number, top: number, right: number, bottom: number}} Frame in units; right and bottom are excluded
 *
 * @typedef {{kind: "open" | "field" | "tile", frame: Frame}
 *   | {kind: "pending", frame: Frame, color: string}
 *   | {kind: "label", frame: Frame, text: string, color: string, ground: string}
 *   | {kind: "unused", mask: ArrayLike<number>, color: string}} Mark
 *   `label`: the name of what is in the frame, in its corner;
 *   `open`: the unit that is open; `field`: its receptive field; `tile`: the channel around it; `pending`: not yet computed;
 *   `unused`: units that cannot matter, one number per unit in the mask
 */

const LINE_WIDTHS = {open: 2, field: 2, tile: 1};
/** Screen pixels per unit below which a thick line would hide its content. */
const SMALL_UNIT = 5;

/**
 * @param {import("../network/receptive-field.js").Box} box with both ends included
 * @param {{left: number, top: number}} [corner] of the tile that it lies in
 * @returns {Frame}
 */
export function frameOfBox({top, left, bottom, right}, corner = {left: 0, top: 0}) {
  return {left: corner.left + left, top: corner.top + top, right: corner.left + right + 1, bottom: corner.top + bottom + 1};
}

/**
 * @param {CanvasRenderingContext2D} context in pixels of the screen, from the picture's corner
 * @param {Mark[]} marks
 * @param {number} scale pixels per unit
 * @param {number} width of the picture in units
 */
export function drawOverlay(context, marks, scale, width) {
  for (const mark of marks) {
    if (mark.kind === "pending") fillFrame(context, mark, scale);
    else if (mark.kind === "unused") drawUnused(context, mark, scale, width);
    else if (mark.kind === "label") label(context, mark, scale);
    else outline(context, mark, scale);
  }
}

/** Draw a white line with dark edges, visible on every colour of every scale in both themes. */
function outline(context, {kind, frame: {left, top, right, bottom}}, scale) {
  if (bottom <= top || right <= left) return;
  const line = scale < SMALL_UNIT ? 1 : LINE_WIDTHS[kind];
  const [x, y, width, height] = [left * scale, top * scale, (right - left) * scale, (bottom - top) * scale];
  const around = (distance) => context.strokeRect(x - distance, y - distance, width + 2 * distance, height + 2 * distance);
  context.lineWidth = line + 2;
  context.strokeStyle = "rgb(0 0 0 / .85)";
  around(line / 2);
  context.lineWidth = line;
  context.strokeStyle = kind === "tile" ? "rgb(255 255 255 / .7)" : "#fff";
  around(line / 2);
}

function fillFrame(context, {frame: {left, top, right, bottom}, color}, scale) {
  context.fillStyle = color;
  context.fillRect(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale);
}

/** Draw text on its own background, clipped to the frame. */
function label(context, {frame: {left, top, right}, text, color, ground}, scale) {
  context.font = "600 12px system-ui, sans-serif";
  const room = (right - left) * scale;
  const width = Math.min(room, context.measureText(text).width + 8);
  context.save();
  context.beginPath();
  context.rect(left * scale, top * scale, width, 17);
  context.clip();
  context.fillStyle = ground;
  context.fillRect(left * scale, top * scale, width, 17);
  context.fillStyle = color;
  context.fillText(text, left * scale + 4, top * scale + 13);
  context.restore();
}

/** Hatch the units of the mask with diagonals that continue across units. */
function drawUnused(context, {mask, color}, scale, width) {
  context.save();
  context.beginPath();
  for (let unit = 0; unit < mask.length; unit++) {
    if (mask[unit]) context.rect((unit % width) * scale, Math.floor(unit / width) * scale, scale, scale);
  }
  context.clip();
  const height = (mask.length / width) * scale;
  context.beginPath();
  for (let x = -height; x < width * scale; x += 5) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  context.stroke();
  context.restore();
}
