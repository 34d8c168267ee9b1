import {inputsOfImage} from "../../data/images.js";
import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement} from "../../dom/element.js";
import {PixelPicture, paintImage} from "../../dom/pixel-picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {nextSlice} from "../../dom/scheduling.js";
import {rangeOfColours, signedLayers} from "../../dom/signed-layers.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {layOutTiles, paintTiles, placeUnder, tileCorner} from "../../dom/tiles.js";
import {channelRanges, formatNumber, joinedRange} from "../../image/color/range.js";
import {makeWorkspace, runNetwork} from "../../network/network.js";
import {isPicture} from "../../network/shape.js";

/** Maximum number of classes with a line. */
const MAX_LINES = 12;
/** Screen pixels: minimum width of a map, maximum width of a unit, width of a line's label. */
const [LEAST_MAP, LARGEST_CELL, LABEL_ROOM] = [28, 16, 100];

/**
 * Show one image per class through the layer of the open unit, one line each and one column per channel.
 *
 * @param {import("../inspector/selected-unit.js").OpenUnit} unit
 * @returns {boolean} whether there are images of two classes at least
 */
export function startClassExamples(page, session, unit) {
  const {images: {test}, payload: {dataset: {class_names: names}}} = session;
  const rows = test ? firstOfEachClass(test.labels, test.indices, names.length).slice(0, MAX_LINES) : [];
  if (rows.length < 2 || !unit.open) return false;
  const examples = new ClassExamples(page, session, unit, rows);
  const element = page.querySelector("#class-rows");
  element.append(examples.title, examples.legend.element, examples.body);
  const redraw = drawWhenVisible(element, () => examples.draw());
  session.subscribe((_, changed) => changed.has("network") && redraw());
  unit.subscribe(() => unit.open.index !== examples.index && redraw());
  onThemeChange(session, redraw);
  redraw();
  return true;
}

/** The lines, what they share, and the sentence above them. */
class ClassExamples {
  constructor(page, session, unit, rows) {
    Object.assign(this, {page, session, unit, rows, index: -1, asked: 0, signed: signedLayers(session.network)});
    this.title = newElement(page, "p", {class: "arithmetic-title"});
    this.legend = new ScaleLegend(page);
    this.lines = rows.map((row) => new ClassLine(page, session, row, (column) => this.mark(column)));
    this.body = newElement(page, "div", {class: "class-lines", tabindex: "0", role: "group", "aria-label": "One image of each class"},
      ...this.lines.map(({element}) => element));
  }

  /** Runs the network on each image, one slice each. */
  async draw() {
    const mine = ++this.asked;
    const {session: {network, images: {test}}, rows} = this;
    this.index = this.unit.open.index;
    const {name} = network.layers[this.index];
    const workspace = makeWorkspace(network);
    const found = [];
    for (const row of rows) {
      found.push(runNetwork(network, inputsOfImage(test, row), workspace).activations[name].data.slice());
      await nextSlice();
      if (mine !== this.asked) return;
    }
    this.paint(found);
    this.tell(found);
  }

  /** @param {Float32Array[]} found the layer's activations, for each image */
  paint(found) {
    const colors = themeColors(this.page, this.session);
    const {outputShape: shape} = this.session.network.layers[this.index];
    const isSigned = this.signed[this.index];
    const joined = joinedRange(found.map((data) => channelRanges(data, 1)[0]));
    const scale = {...rangeOfColours(joined, isSigned), table: isSigned ? colors.signed : colors.unsigned};
    const isMap = isPicture(shape);
    const tiles = isMap ? {count: shape[2], rows: shape[0], columns: shape[1]} : {count: shape[0], rows: 1, columns: 1};
    const layout = layOutTiles(tiles, Infinity, isMap ? 1 : 0);
    const fitting = Math.floor((this.body.clientWidth - LABEL_ROOM) / layout.width);
    const side = isMap ? Math.max(1, Math.round(LEAST_MAP / shape[1]), fitting) : Math.max(4, Math.min(LARGEST_CELL, fitting));
    this.lines.forEach((line, place) => line.show(found[place], layout, side, scale, colors));
    this.legend.show(scale);
  }

  /** The finding: which channel tells these images apart best. */
  tell(found) {
    const {session: {network, images: {test}, payload: {dataset: {class_names: names}}}, page, rows} = this;
    const {name, outputShape: shape} = network.layers[this.index];
    const means = found.map((data) => channelMeans(data, shape[shape.length - 1]));
    const {channel, least, most} = mostDiffering(means);
    const nameOf = (place) => newElement(page, "bdi", {}, names[test.labels[rows[place]]]);
    const [what, from] = isPicture(shape) ? ["channel", "a mean of "] : ["unit", ""];
    this.title.replaceChildren(newElement(page, "bdi", {}, name), `: ${what} ${channel} differs most between these ${rows.length} images, `,
      `from ${from}${formatNumber(means[least][channel])} for “`, nameOf(least),
      `” to ${formatNumber(means[most][channel])} for “`, nameOf(most), "”.");
  }

  /** @param {number} column −1 for none */
  mark(column) {
    for (const line of this.lines) line.mark(column);
  }
}

/** Screen pixels: side of the image and height of a line of flat units. */
const IMAGE_SIDE = 30;
const CELL_HEIGHT = 20;

/** One image, as a button that opens it, with its activations in a layer. */
export class ClassLine {
  /**
   * @param {number} row of the test image
   * @param {(column: number) => void} point is told which channel is pointed at; −1 for none
   */
  constructor(page, session, row, point) {
    const {images: {test}, network: {inputShape: shape}, payload: {dataset: {class_names: names}}} = session;
    Object.assign(this, {shape, pixels: inputsOfImage(test, row), layout: null});
    this.image = new PixelPicture(page, {"aria-hidden": "true"});
    this.image.resize(shape[1], shape[0], Math.max(1, Math.floor(IMAGE_SIDE / shape[1])));
    const name = names[test.labels[row]];
    const button = newElement(page, "button", {
      type: "button", class: "class-image", "aria-label": `Open test image ${test.indices[row]}, ${name}`,
    }, this.image.element, newElement(page, "bdi", {}, name));
    button.addEventListener("click", () => session.openImage(`test-${test.indices[row]}`));
    this.picture = new PixelPicture(page, {"aria-hidden": "true"});
    this.picture.canvas.addEventListener("pointermove", (event) => point(this.columnAt(event)));
    this.picture.canvas.addEventListener("pointerleave", () => point(-1));
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {class: "class-line"}, button, this.picture.element);
  }

  /**
   * @param {Float32Array} data the layer's activations
   * @param {import("../../dom/tiles.js").TileLayout} layout
   * @param {number} side screen pixels of a unit
   * @param {import("../../image/color/paint.js").ColorScale} scale
   * @param {import("../../dom/theme-colors.js").ThemeColors} colors
   */
  show(data, layout, side, scale, colors) {
    this.layout = layout;
    paintImage(this.pixels, this.shape, colors.isTurned, this.image.bytes);
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

/** How a layer separates the classes. Pure: no DOM. */

/**
 * Return the first image of each class, by index in the split.
 *
 * @param {ArrayLike<number>} labels
 * @param {ArrayLike<number>} indices in the split
 * @param {number} classes
 * @returns {number[]} rows, one for each class that has an image
 */
export function firstOfEachClass(labels, indices, classes) {
  const rows = new Array(classes).fill(-1);
  for (let row = 0; row < labels.length; row++) {
    const first = rows[labels[row]];
    if (first < 0 || indices[row] < indices[first]) rows[labels[row]] = row;
  }
  return rows.filter((row) => row >= 0);
}

/**
 * @param {ArrayLike<number>} data channel last
 * @param {number} channels
 * @returns {number[]} the mean of each channel
 */
export function channelMeans(data, channels) {
  const sums = new Array(channels).fill(0);
  for (let index = 0; index < data.length; index++) sums[index % channels] += data[index];
  return sums.map((sum) => (sum * channels) / data.length);
}

/**
 * @param {number[][]} means per image and channel
 * @returns {{channel: number, least: number, most: number}} the channel that differs most, and the images at its ends
 */
export function mostDiffering(means) {
  let best = {channel: 0, least: 0, most: 0, span: -1};
  for (let channel = 0; channel < means[0].length; channel++) {
    let [least, most] = [0, 0];
    means.forEach((image, place) => {
      if (image[channel] < means[least][channel]) least = place;
      if (image[channel] > means[most][channel]) most = place;
    });
    const span = means[most][channel] - means[least][channel];
    if (span > best.span) best = {channel, least, most, span};
  }
  return {channel: best.channel, least: best.least, most: best.most};
}
