import {newElement} from "./element.js";
import {drawOverlay} from "./overlay.js";
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
    /** @type {HTMLElement} */
    this.element = newElement("div", {class: "pixel-picture"}, this.canvas, this.sheet);
    this.context = this.canvas.getContext("2d");
    [this.width, this.height, this.scale] = [0, 0, 0];
    this.image = null;
    this.marks = [];
  }

  /**
   * Forgets what was shown and marked, if the size is another one.
   *
   * @param {number} width in units
   * @param {number} height
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
   * @param {import("../image/color/paint.js").ColorScale} scale
   * @param {import("./tiles.js").TileLayout} [layout] the whole picture as one tile where it is left out
   */
  paint(values, scale, layout = {count: 1, rows: this.height, columns: this.width, perLine: 1, gap: 0, width: this.width, height: this.height}) {
    this.image.data.fill(0);
    paintTiles(values, layout, () => scale, this.image.data);
    this.context.putImageData(this.image, 0, 0);
  }

  /**
   * Draws these marks instead of those before.
   *
   * @param {import("./overlay.js").Mark[]} marks
   */
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

  /**
   * @param {MouseEvent} event
   * @returns {{x: number, y: number}} in units
   */
  unitsAt(event) {
    const {left, top} = this.canvas.getBoundingClientRect();
    return {x: (event.clientX - left) / this.scale, y: (event.clientY - top) / this.scale};
  }
}
