import {newElement, writeText} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {frameOfBox} from "../../dom/overlay.js";
import {PixelPicture, paintImage} from "../../dom/pixel-picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {layOutTiles, paintTiles, placeUnder, tileCorner} from "../../dom/tiles.js";
import {formatNumber} from "../../image/color/range.js";

/** Screen pixels of a flat unit, and how many units are shown that large. */
const UNIT_SIDE = 8;
const LARGE_UNITS = 256;

/** One layer of the network grid: name, scale and all channels. */
export class GridRow {
  /**
   * @param {{index: number, name: string, words: string, shape: number[], isSigned: boolean}} about the layer; index −1 for
   *   the image
   */
  constructor(page, {index, name, words, shape, isSigned}) {
    Object.assign(this, {index, name, shape, isSigned});
    this.isPicture = shape.length === 3;
    this.legend = new ScaleLegend(page);
    this.picture = new PixelPicture(page, {"aria-hidden": "true"});
    this.cell = newElement(page, "div", {role: "gridcell", class: "network-row-maps", tabindex: "-1"}, this.picture.element);
    const about = newElement(page, "div", {role: "rowheader", class: "network-row-name"},
      newElement(page, "bdi", {}, name), newElement(page, "span", {class: "network-row-text"}, words), this.legend.element);
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {role: "row", class: "network-row", "data-layer": name}, about, this.cell);
    this.channel = 0;
  }

  /**
   * @param {number} room screen pixels for a line
   * @param {number} scale screen pixels of a unit of a picture
   */
  plan(room, scale) {
    const [rows, columns, count] = this.isPicture ? this.shape : [1, 1, this.shape[0]];
    const unit = this.isPicture || count > LARGE_UNITS ? scale : UNIT_SIDE;
    const layout = layOutTiles({count, rows, columns}, Math.floor(room / unit), this.isPicture ? 1 : 0);
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
   * @param {import("../../image/color/paint.js").ValueRange[]} ranges one per channel, or one for all
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
   * @param {import("../../network/receptive-field.js").Box} box
   * @param {number} channel −1 for all of them
   */
  marksOfWindow(box, channel) {
    if (!this.isPicture) return [];
    const tiles = channel < 0 ? Array.from({length: this.layout.count}, (_, tile) => tile) : [channel];
    return tiles.map((tile) => ({kind: tiles.length > 1 ? "tile" : "field", frame: frameOfBox(box, tileCorner(this.layout, tile))}));
  }

  frameOfTile(tile) {
    const {left, top} = tileCorner(this.layout, tile);
    return {left, top, right: left + this.layout.columns, bottom: top + this.layout.rows};
  }

  /**
   * What a screen reader says of the row's open channel.
   *
   * @param {number} channel
   * @param {import("../../image/color/paint.js").ValueRange[]} ranges
   */
  describe(channel, ranges) {
    this.channel = channel;
    const what = this.isPicture ? `channel ${channel} of ${this.shape[2]}` : `unit ${channel} of ${this.shape[0]}`;
    const label = `${this.name}, ${what}${ranges ? `, up to ${formatNumber(ranges[this.isPicture ? channel : 0].maximum)}` : ""}`;
    if (this.cell.getAttribute("aria-label") !== label) this.cell.setAttribute("aria-label", label);
  }
}

/** The open image in the network grid, as a whole and by channel. */
export class ImageRow extends GridRow {
  constructor(page, {shape, words}) {
    super(page, {index: -1, name: "the image", words, shape, isSigned: false});
    this.legend.element.hidden = true;
    this.extra = shape[2] > 1 ? 1 : 0;
  }

  plan(room, scale) {
    const [rows, columns, channels] = this.shape;
    return {layout: layOutTiles({count: channels + this.extra, rows, columns}, Infinity), unit: scale};
  }

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

  /** Outline the receptive field in the image and in each channel. */
  marksOfWindow(box) {
    return Array.from({length: this.layout.count}, (_, tile) => (
      {kind: tile ? "tile" : "field", frame: frameOfBox(box, tileCorner(this.layout, tile))}
    ));
  }

  /** @param {ArrayLike<number>} unused one mark per pixel */
  marksOfUnused(unused, color) {
    if (!unused.includes(1)) return [];
    const [rows, columns] = this.shape;
    const mask = new Uint8Array(this.layout.width * this.layout.height);
    for (let tile = 0; tile < this.layout.count; tile++) {
      const {left} = tileCorner(this.layout, tile);
      for (let row = 0; row < rows; row++) {
        mask.set(unused.subarray(row * columns, (row + 1) * columns), row * this.layout.width + left);
      }
    }
    return [{kind: "unused", mask, color}];
  }
}

/** Number of classes named here; the first screen shows the full prediction. */
const NAMED_CLASSES = 10;

/** The most probable classes, with bars. */
export class PredictionRow {
  constructor(page, {payload: {dataset: {class_names: names}}}) {
    this.names = names;
    this.items = names.slice(0, NAMED_CLASSES).map(() => {
      const [name, share, bar] = [newElement(page, "bdi"), newElement(page, "span", {class: "n"}), newElement(page, "i")];
      const item = newElement(page, "li", {}, name, newElement(page, "span", {class: "network-row-bar", "aria-hidden": "true"}, bar), share);
      return {item, name, share, bar};
    });
    const list = newElement(page, "ol", {class: "network-row-classes"}, ...this.items.map(({item}) => item));
    const title = newElement(page, "div", {role: "rowheader", class: "network-row-name"}, newElement(page, "span", {}, "prediction"));
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {role: "row", class: "network-row"}, title, newElement(page, "div", {role: "gridcell"}, list));
  }

  show(probabilities) {
    const isWhole = this.names.length <= NAMED_CLASSES;
    const order = Array.from(probabilities, (_, place) => place);
    if (!isWhole) order.sort((a, b) => probabilities[b] - probabilities[a]);
    const greatest = order.reduce((best, place) => (probabilities[place] > probabilities[best] ? place : best), 0);
    this.items.forEach(({item, name, share, bar}, rank) => {
      const place = order[rank];
      writeText(name, this.names[place]);
      writeText(share, formatProbability(probabilities[place]));
      bar.style.transform = `scaleX(${probabilities[place]})`;
      item.classList.toggle("first", place === greatest);
    });
  }
}
