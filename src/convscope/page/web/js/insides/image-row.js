import {paintImage} from "./image-pixels.js";
import {frameOfBox} from "./marks.js";
import {layTiles, placeUnder, tileCorner} from "./tiles.js";
import {WallRow} from "./wall-row.js";

/**
 * The open image on the wall: as a picture, and if it has several channels, each of them as well.
 */
export class ImageRow extends WallRow {
  constructor(page, {shape, words}) {
    super(page, {index: -1, name: "the image", words, shape, isSigned: false});
    this.legend.element.hidden = true;
    this.extra = shape[2] > 1 ? 1 : 0;
  }

  plan(room, scale) {
    const [rows, columns, channels] = this.shape;
    return {layout: layTiles({count: channels + this.extra, rows, columns}, Infinity), unit: scale};
  }

  /**
   * @param {ArrayLike<number>} pixels
   * @param {boolean} isTurned
   */
  paintPixels(pixels, isTurned) {
    for (let tile = 0; tile < this.layout.count; tile++) {
      const {left} = tileCorner(this.layout, tile);
      paintImage(pixels, this.shape, isTurned, this.picture.bytes, {width: this.layout.width, left, channel: tile - this.extra});
    }
    this.picture.show();
  }

  placeAt(event) {
    const {x, y} = this.picture.unitsAt(event);
    const under = placeUnder(this.layout, x, y);
    return under && [under.row, under.column, Math.max(0, under.tile - this.extra)];
  }

  /** Around the patch in the picture, and in each of its channels. */
  marksOfWindow(box) {
    return Array.from({length: this.layout.count}, (_, tile) => (
      {kind: tile ? "tile" : "seen", frame: frameOfBox(box, tileCorner(this.layout, tile))}
    ));
  }

  /** @param {ArrayLike<number>} blind one mark per pixel */
  marksOfBlind(blind, color) {
    if (!blind.includes(1)) return [];
    const [rows, columns] = this.shape;
    const mask = new Uint8Array(this.layout.width * this.layout.height);
    for (let tile = 0; tile < this.layout.count; tile++) {
      const {left} = tileCorner(this.layout, tile);
      for (let row = 0; row < rows; row++) {
        mask.set(blind.subarray(row * columns, (row + 1) * columns), row * this.layout.width + left);
      }
    }
    return [{kind: "hatch", mask, color}];
  }
}
