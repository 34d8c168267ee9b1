import {formatNumber} from "../image/scale.js";
import {frameOfBox} from "./marks.js";
import {newNode, writeText} from "./node.js";
import {PixelPicture} from "./pixel-picture.js";
import {ScaleLegend} from "./scale-legend.js";
import {layTiles, paintTiles, placeUnder, tileCorner} from "./tiles.js";

/** Screen pixels of a unit that belongs to no picture, and how many of them are shown that large. */
const UNIT_SIDE = 8;
const LARGE_UNITS = 256;

/**
 * One layer on the wall: its name, its scale, and every channel of it.
 */
export class WallRow {
  /**
   * @param {Document} page
   * @param {{index: number, name: string, words: string, shape: number[], isSigned: boolean}} about the layer; index −1 for
   *   the image
   */
  constructor(page, {index, name, words, shape, isSigned}) {
    Object.assign(this, {index, name, shape, isSigned});
    this.isPicture = shape.length === 3;
    this.legend = new ScaleLegend(page);
    this.picture = new PixelPicture(page, {"aria-hidden": "true"});
    this.cell = newNode(page, "div", {role: "gridcell", class: "wall-maps", tabindex: "-1"}, this.picture.element);
    const about = newNode(page, "div", {role: "rowheader", class: "wall-name"},
      newNode(page, "bdi", {}, name), newNode(page, "span", {class: "wall-words"}, words), this.legend.element);
    /** @type {HTMLElement} */
    this.element = newNode(page, "div", {role: "row", class: "wall-row", "data-layer": name}, about, this.cell);
    this.channel = 0;
  }

  /**
   * @param {number} room screen pixels for a line
   * @param {number} scale screen pixels of a unit of a picture
   */
  plan(room, scale) {
    const [rows, columns, count] = this.isPicture ? this.shape : [1, 1, this.shape[0]];
    const unit = this.isPicture || count > LARGE_UNITS ? scale : UNIT_SIDE;
    const layout = layTiles({count, rows, columns}, Math.floor(room / unit), this.isPicture ? 1 : 0);
    return {layout, unit};
  }

  /** As `plan` has it. */
  layOut(room, scale) {
    const {layout, unit} = this.plan(room, scale);
    this.layout = layout;
    this.picture.resize(layout.width, layout.height, unit);
  }

  /**
   * @param {ArrayLike<number>} data
   * @param {import("../image/color.js").ValueRange[]} ranges one per channel, or one for all
   * @param {Uint8Array} table
   * @param {string} mode of the scale
   */
  paint(data, ranges, table, mode) {
    const scales = ranges.map((range) => ({...range, table}));
    paintTiles(data, this.layout, scales.length > 1 ? (tile) => scales[tile] : () => scales[0], this.picture.bytes);
    this.picture.show();
    if (mode === "channel" && scales.length > 1) this.legend.showWords(table, this.isSigned ? ["−", "+"] : ["least", "most of each"]);
    else this.legend.show(scales[0]);
  }

  /**
   * @param {MouseEvent} event
   * @returns {number[] | null} place of the unit under the pointer
   */
  placeAt(event) {
    const {x, y} = this.picture.unitsAt(event);
    const under = placeUnder(this.layout, x, y);
    if (!under) return null;
    return this.isPicture ? [under.row, under.column, under.tile] : [under.tile];
  }

  /** @param {number[]} place of the open unit */
  marksOfUnit(place) {
    if (!this.isPicture) return [{kind: "open", frame: this.frameOfTile(place[0])}];
    const [row, column, channel] = place;
    const corner = tileCorner(this.layout, channel);
    return [
      {kind: "tile", frame: this.frameOfTile(channel)},
      {kind: "open", frame: frameOfBox({top: row, left: column, bottom: row, right: column}, corner)},
    ];
  }

  /**
   * @param {import("../engine/receptive.js").Box} box
   * @param {number} channel −1 for all of them
   */
  marksOfWindow(box, channel) {
    if (!this.isPicture) return [];
    const tiles = channel < 0 ? Array.from({length: this.layout.count}, (_, tile) => tile) : [channel];
    return tiles.map((tile) => ({kind: tiles.length > 1 ? "tile" : "seen", frame: frameOfBox(box, tileCorner(this.layout, tile))}));
  }

  frameOfTile(tile) {
    const {left, top} = tileCorner(this.layout, tile);
    return {left, top, right: left + this.layout.columns, bottom: top + this.layout.rows};
  }

  /**
   * What a screen reader says of the row's open channel.
   *
   * @param {number} channel
   * @param {import("../image/color.js").ValueRange[]} ranges
   */
  describe(channel, ranges) {
    this.channel = channel;
    const what = this.isPicture ? `channel ${channel} of ${this.shape[2]}` : `unit ${channel} of ${this.shape[0]}`;
    const label = `${this.name}, ${what}${ranges ? `, up to ${formatNumber(ranges[this.isPicture ? channel : 0].maximum)}` : ""}`;
    if (this.cell.getAttribute("aria-label") !== label) this.cell.setAttribute("aria-label", label);
  }
}
