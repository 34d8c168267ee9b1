import {inputsOfImage} from "../data/images.js";
import {paintImage} from "./image-pixels.js";
import {newNode} from "./node.js";
import {PixelPicture} from "./pixel-picture.js";
import {paintTiles, placeUnder, tileCorner} from "./tiles.js";

/** Screen pixels: a side of the image, and the height of a line of units of no picture. */
const IMAGE_SIDE = 30;
const CELL_HEIGHT = 20;

/**
 * One image, as a button that opens it, and what a layer makes of it.
 */
export class ClassLine {
  /**
   * @param {Document} page
   * @param {import("../live.js").Live} live
   * @param {number} row of the test image
   * @param {(column: number) => void} point is told which channel is pointed at; −1 for none
   */
  constructor(page, live, row, point) {
    const {images: {test}, network: {inputShape: shape}, payload: {dataset: {class_names: names}}} = live;
    Object.assign(this, {shape, pixels: inputsOfImage(test, row), layout: null});
    this.image = new PixelPicture(page, {"aria-hidden": "true"});
    this.image.resize(shape[1], shape[0], Math.max(1, Math.floor(IMAGE_SIDE / shape[1])));
    const name = names[test.labels[row]];
    const button = newNode(page, "button", {
      type: "button", class: "class-image", "aria-label": `Open test image ${test.indices[row]}, ${name}`,
    }, this.image.element, newNode(page, "bdi", {}, name));
    button.addEventListener("click", () => live.openImage(`test-${test.indices[row]}`));
    this.picture = new PixelPicture(page, {"aria-hidden": "true"});
    this.picture.canvas.addEventListener("pointermove", (event) => point(this.columnAt(event)));
    this.picture.canvas.addEventListener("pointerleave", () => point(-1));
    /** @type {HTMLElement} */
    this.element = newNode(page, "div", {class: "class-line"}, button, this.picture.element);
  }

  /**
   * @param {Float32Array} data the layer's activations
   * @param {import("./tiles.js").TileLayout} layout
   * @param {number} side screen pixels of a unit
   * @param {import("../image/color.js").ColorScale} scale
   * @param {import("../drawing/paper.js").Paper} paper
   */
  show(data, layout, side, scale, paper) {
    this.layout = layout;
    paintImage(this.pixels, this.shape, paper.isTurned, this.image.bytes);
    this.image.show();
    this.picture.resize(layout.width, layout.height, side);
    if (layout.rows === 1 && layout.height === 1) this.picture.canvas.style.height = `${CELL_HEIGHT}px`;
    paintTiles(data, layout, () => scale, this.picture.bytes);
    this.picture.show();
  }

  columnAt(event) {
    const {x, y} = this.picture.unitsAt(event);
    const under = this.layout && placeUnder(this.layout, x, Math.min(y, this.layout.height - 0.5));
    return under ? under.tile : -1;
  }

  /** @param {number} column of the channel to outline; −1 for none */
  mark(column) {
    if (!this.layout || column < 0) this.picture.mark([]);
    else {
      const {left, top} = tileCorner(this.layout, column);
      this.picture.mark([{kind: "tile", frame: {left, top, right: left + this.layout.columns, bottom: top + this.layout.rows}}]);
    }
  }
}
