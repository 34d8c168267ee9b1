import {newElement} from "./element.js";
import {setSize} from "./picture.js";
import {paintTiles} from "./tiles.js";

/** Screen pixels by which outlines may extend beyond a picture. */
const MARGIN_OF_MARKS = 4;

/** A picture with one canvas pixel per unit, and a second canvas above it for outlines in screen pixels. */
export class PixelPicture {
  /** @param {Record<string, any>} attributes of the picture's canvas: a role and a label, or aria-hidden */
  constructor(attributes) {
    this.canvas = newElement("canvas", {class: "pixels", ...attributes});
    this.sheet = newElement("canvas", {class: "marks", "aria-hidden": "true"});
    this.element = newElement("div", {class: "pixel-picture"}, this.canvas, this.sheet);
    this.context = this.canvas.getContext("2d");
    [this.width, this.height, this.scale] = [0, 0, 0];
    this.image = null;
    this.marks = [];
  }

  /**
   * Forgets what was shown and marked, if the size is another one.
   * @param {number} width in units
   * @param {number} scale screen pixels per unit, a whole number
   * @returns {boolean} whether it is
   */
  resize(width, height, scale) {
    if (width === this.width && height === this.height && scale === this.scale) return false;
    [this.width, this.height, this.scale] = [width, height, scale];
    [this.canvas.width, this.canvas.height] = [width, height];
    setSize(this.canvas, width * scale, height * scale);
    this.image = this.context.createImageData(width, height);
    this.marks = [];
    this.sheet.width = 0; // an empty sheet costs no memory
    return true;
  }

  /**
   * @param {ArrayLike<number>} values as many as there are units in the layout
   * @param {import("./tiles.js").TileLayout} [layout] the whole picture as one tile where it is left out
   */
  paint(values, scale, layout = {count: 1, rows: this.height, columns: this.width, perLine: 1, gap: 0, width: this.width, height: this.height}) {
    this.image.data.fill(0);
    paintTiles(values, layout, () => scale, this.image.data);
    this.context.putImageData(this.image, 0, 0);
  }

  /** Draws these marks instead of those before. @param {Mark[]} marks */
  mark(marks) {
    if (!marks.length && !this.marks.length) return;
    this.marks = marks;
    const [width, height] = [this.width, this.height].map((extent) => extent * this.scale + 2 * MARGIN_OF_MARKS);
    const ratio = globalThis.devicePixelRatio || 1;
    if (this.sheet.width !== Math.round(width * ratio)) {
      [this.sheet.width, this.sheet.height] = [Math.round(width * ratio), Math.round(height * ratio)];
      setSize(this.sheet, width, height);
    }
    const context = this.sheet.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.translate(MARGIN_OF_MARKS, MARGIN_OF_MARKS);
    drawOverlay(context, marks, this.scale, this.width);
  }

  /** @param {MouseEvent} event @returns {{x: number, y: number}} in units */
  unitsAt(event) {
    const {left, top} = this.canvas.getBoundingClientRect();
    return {x: (event.clientX - left) / this.scale, y: (event.clientY - top) / this.scale};
  }
}

/**
 * Outlines, shading and numbers drawn over a picture.
 * @typedef {{left: number, top: number, right: number, bottom: number}} Frame in units; right and bottom are excluded
 * @typedef {{kind: "field", frame: Frame}
 *   | {kind: "pending", frame: Frame, color: string}
 *   | {kind: "number", frame: Frame, text: string, color: string}
 *   | {kind: "unused", mask: ArrayLike<number>, color: string}} Mark
 *   `field`: the receptive field of the open unit; `pending`: not yet computed; `number`: the value in the frame, in its middle;
 *   `unused`: units that cannot matter, one number per unit in the mask
 */

/** Screen pixels per unit below which a thick line would hide its content. */
const SMALL_UNIT = 5;

/** @param {import("../network/receptive-field.js").Box} box with both ends included @returns {Frame} */
export function frameOfBox({top, left, bottom, right}) {
  return {left, top, right: right + 1, bottom: bottom + 1};
}

/**
 * @param {CanvasRenderingContext2D} context in pixels of the screen, from the picture's corner
 * @param {number} scale pixels per unit
 * @param {number} width of the picture in units
 */
function drawOverlay(context, marks, scale, width) {
  for (const mark of marks) {
    if (mark.kind === "pending") fillFrame(context, mark, scale);
    else if (mark.kind === "unused") drawUnused(context, mark, scale, width);
    else if (mark.kind === "number") number(context, mark, scale);
    else outline(context, mark, scale);
  }
}

/** Draw a white line with dark edges, visible on every colour of every scale in both themes. */
function outline(context, {frame: {left, top, right, bottom}}, scale) {
  if (bottom <= top || right <= left) return;
  const line = scale < SMALL_UNIT ? 1 : 2;
  const [x, y, width, height] = [left * scale, top * scale, (right - left) * scale, (bottom - top) * scale];
  const around = (distance) => context.strokeRect(x - distance, y - distance, width + 2 * distance, height + 2 * distance);
  context.lineWidth = line + 2;
  context.strokeStyle = "rgb(0 0 0 / .85)";
  around(line / 2);
  context.lineWidth = line;
  context.strokeStyle = "#fff";
  around(line / 2);
}

function fillFrame(context, {frame: {left, top, right, bottom}, color}, scale) {
  context.fillStyle = color;
  context.fillRect(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale);
}

/** Write into the middle of the frame, as wide as it at most. */
function number(context, {frame: {left, top, right, bottom}, text, color}, scale) {
  context.font = "10px system-ui, sans-serif";
  [context.textAlign, context.textBaseline, context.fillStyle] = ["center", "middle", color];
  context.fillText(text, ((left + right) / 2) * scale, ((top + bottom) / 2) * scale, (right - left) * scale - 2);
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
