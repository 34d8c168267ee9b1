import {newElement, writeText} from "../../dom/element.js";
import {frameOfBox} from "../../dom/overlay.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {layOutTiles, paintTiles, placeUnder, tileCorner, wholeScale} from "../../dom/tiles.js";
import {colorOf, cssColor, textOn} from "../../image/color/paint.js";
import {evenRange, formatNumber} from "../../image/color/range.js";
import {pictureAfter, stackedWeights, weightUnder, weightsOfPicture} from "./kernel-tiles.js";

/** Screen pixels: maximum height of a grid and of a weight. */
const KERNEL_GRID_HEIGHT = 480;
const MAX_WEIGHT_SIDE = 14;
/** Screen pixels for the edges of the container. */
const ROOM_EDGES = 8;
/** Maximum number of weights written out for one kernel. */
const MAX_WRITTEN = 49;
/** Screen pixels of a kernel that has space for a label. */
const MIN_LABEL = 40;

/** The weights of one layer: a column per filter or unit, in it a picture per input channel. */
export class KernelGrid {
  /**
   * @param {import("./selected-unit.js").OpenUnit} unit
   * @param {number} index of the layer
   * @param {import("./kernel-tiles.js").WeightTiles} tiles
   * @param {{isFirst: boolean, goToUnit: (takesFocus: boolean) => void}} options `isFirst`: whether it is open from the start
   */
  constructor(page, session, unit, index, tiles, {isFirst, goToUnit}) {
    Object.assign(this, {page, session, unit, index, tiles, redraw: () => {}, labels: []});
    const layer = session.network.layers[index];
    this.name = layer.name;
    this.picture = new PixelPicture(page, {role: "img", "aria-label": kernelGridLabel(layer, tiles)});
    this.legend = new ScaleLegend(page);
    this.told = newElement(page, "p", {class: "quiet"}, kernelGridHint(tiles));
    this.written = newElement(page, "span", {class: "term-grid", hidden: true});
    const label = `The weights of ${layer.name}`;
    this.room = newElement(page, "div", {class: "kernel-scroll", tabindex: "0", role: "group", "aria-label": label}, this.picture.element);
    const words = newElement(page, "span", {class: "quiet"}, ` ${kernelGridTitle(layer, tiles)}`);
    const title = newElement(page, "h4", {}, newElement(page, "bdi", {}, layer.name), words);
    const key = newElement(page, "div", {class: "kernel-legend"}, this.legend.element, this.told);
    const head = newElement(page, "div", {class: "kernel-head"}, newElement(page, "div", {}, isFirst ? title : null, key), this.written);
    /** @type {HTMLElement} */
    this.element = newElement(page, isFirst ? "div" : "details", {class: "kernel-group"},
      isFirst ? null : newElement(page, "summary", {}, title), head, this.room);
    this.names = this.isAnswer() ? session.payload.dataset.class_names : null;
    this.picture.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.picture.canvas.addEventListener("pointerleave", () => this.point(null));
    this.picture.canvas.addEventListener("click", (event) => this.open(this.under(event)));
    startKernelKeys(page, this, goToUnit);
  }

  /** Whether the weights of a picture are few enough to be written out. */
  get isWritten() {
    return this.tiles.rows > 1 && this.tiles.rows * this.tiles.columns <= MAX_WRITTEN;
  }

  isAnswer() {
    const {network: {layers}, payload: {dataset: {class_names: names}}} = this.session;
    return this.index === layers.length - 1 && this.tiles.outputs === names.length;
  }

  get kernel() {
    return this.session.network.layers[this.index].weights.kernel;
  }

  /**
   * @param {import("../../dom/theme-colors.js").ThemeColors} colors
   * @param {number} [extent] to which the colours go
   */
  draw(colors, extent) {
    if (!this.layOut()) return;
    const most = extent ?? this.kernel.reduce((greatest, weight) => Math.max(greatest, Math.abs(weight)), 0);
    this.labels = this.labelsOf(colors);
    this.colours = {...evenRange({minimum: -most, maximum: most}), table: colors.signed};
    this.picture.bytes.fill(0);
    paintTiles(stackedWeights(this.tiles, this.kernel), this.layout, () => this.colours, this.picture.bytes);
    this.picture.show();
    this.legend.show(this.colours);
    this.mark();
  }

  /** @returns {boolean} whether there is any room */
  layOut() {
    const {outputs, height, columns} = this.tiles;
    const room = this.room.clientWidth - ROOM_EDGES;
    if (room <= 0) return false;
    const lay = (scale) => layOutTiles({count: outputs, rows: height, columns}, Math.floor(room / scale));
    const widest = Math.max(1, Math.min(MAX_WEIGHT_SIDE, Math.floor(room / columns)));
    const scale = wholeScale((each) => lay(each).height * each, KERNEL_GRID_HEIGHT, widest);
    this.layout = lay(scale);
    this.picture.resize(this.layout.width, this.layout.height, scale);
    return true;
  }

  /** The filter of the open unit, or what is pointed at. */
  mark(under = null) {
    if (!this.layout) return;
    const {open} = this.unit;
    const marks = [...this.labels];
    if (open?.index === this.index) marks.push({kind: "tile", frame: this.frameOf(open.place[open.place.length - 1])});
    if (under) marks.push({kind: "field", frame: this.frameOfPicture(under)});
    this.picture.mark(marks);
  }

  /** Return the class names, for pictures that are large enough. */
  labelsOf({ground, ink}) {
    if (!this.names || this.tiles.columns * this.picture.scale < MIN_LABEL) return [];
    return this.names.map((text, output) => ({kind: "label", frame: this.frameOf(output), text, color: ink, ground}));
  }

  frameOf(output) {
    const {left, top} = tileCorner(this.layout, output);
    return {left, top, right: left + this.tiles.columns, bottom: top + this.tiles.height};
  }

  frameOfPicture({output, channel}) {
    const {rows, columns} = this.tiles;
    const top = channel * (rows + 1);
    return frameOfBox({top, left: 0, bottom: top + rows - 1, right: columns - 1}, tileCorner(this.layout, output));
  }

  under(event) {
    const {x, y} = this.picture.unitsAt(event);
    return this.layout ? weightUnder(this.tiles, placeUnder(this.layout, x, y)) : null;
  }

  point(event) {
    this.showUnder(event && this.under(event));
  }

  /** @param {import("./kernel-tiles.js").WeightPlace | null} under what is pointed at, by hand or by keys */
  showUnder(under) {
    this.mark(under);
    writeText(this.told, under ? this.wordsOf(under) : kernelGridHint(this.tiles));
    this.written.hidden = !under || !this.isWritten;
    if (!this.written.hidden) this.write(under);
  }

  /** The picture that is pointed at, in numbers. */
  write({output, channel}) {
    const cells = weightsOfPicture(this.tiles, this.kernel, output, channel).map((weight) => {
      const cell = newElement(this.page, "span", {}, formatNumber(weight));
      const colour = colorOf(weight, this.colours);
      [cell.style.backgroundColor, cell.style.color] = [cssColor(colour), textOn(colour)];
      return cell;
    });
    this.written.style.gridTemplateColumns = `repeat(${this.tiles.columns}, max-content)`;
    this.written.replaceChildren(...cells);
  }

  wordsOf({output, channel, row, column}) {
    const {rows, columns, stack, isWindow} = this.tiles;
    const outputName = this.names ? `class ${this.names[output]}` : `${isWindow ? "filter" : "unit"} ${output}`;
    const place = `${outputName}${stack > 1 ? `, input channel ${channel}` : ""}`;
    const weights = weightsOfPicture(this.tiles, this.kernel, output, channel);
    if (isWindow) return `The kernel of ${place}${this.isWritten ? ":" : ""}`;
    const where = rows > 1 ? `row ${row}, column ${column}` : `input ${column}`;
    return `${place}, ${where}: ${formatNumber(weights[row * columns + column], 4)}`;
  }

  /** Opens the filter's strongest answer to the open image. @returns {boolean} whether there is one */
  open(under) {
    const activation = under && this.session.run.activations[this.name];
    if (!activation) return false;
    const {shape, data} = activation;
    const channels = shape[shape.length - 1];
    let winner = under.output;
    for (let offset = under.output; offset < data.length; offset += channels) if (data[offset] > data[winner]) winner = offset;
    const pixel = Math.floor(winner / channels);
    this.unit.choose(this.index, shape.length === 3 ? [Math.floor(pixel / shape[1]), pixel % shape[1], under.output] : [under.output]);
    return true;
  }
}

/** Return what a grid shows: "512 kernels of 3 × 3: a column for each of 32 filters, a row for each of 16 channels". */
function kernelGridTitle({kind}, {outputs, stack, rows, columns, isWindow}) {
  const count = (outputs * stack).toLocaleString("en");
  if (isWindow) return `${count} kernels of ${rows} × ${columns}${kind === "DepthwiseConv2D" ? ", one for each channel" : ""}`;
  const units = `weights of ${outputs.toLocaleString("en")} units`;
  if (rows > 1) return `${units}, each laid out like its input, ${rows} × ${columns}${stack > 1 ? ` × ${stack}` : ""}`;
  return `${units} for ${columns.toLocaleString("en")} inputs`;
}

function kernelGridHint({stack, isWindow, rows}) {
  if (isWindow && stack > 1) return "A column is one filter, a row in it one input channel.";
  if (isWindow) return "One kernel for each filter.";
  if (rows > 1) return stack > 1 ? "A column is one unit, a row in it one input channel." : "One picture for each unit.";
  return "A line is one unit, a square in it one input.";
}

/** Return a text alternative with counts and extremes; all values are in the weights file. */
function kernelGridLabel(layer, tiles) {
  const {kernel} = layer.weights;
  const negative = kernel.reduce((count, weight) => count + (weight < 0 ? 1 : 0), 0);
  const share = Math.round((100 * negative) / kernel.length);
  return `${layer.name}: ${kernelGridTitle(layer, tiles)}. ${share}% of the weights are negative.`;
}

/** Milliseconds of rest before a screen reader hears the current kernel. */
const KERNEL_SAID_AFTER = 250;

/**
 * Start the keys of a kernel grid: arrows move, Enter opens the unit that a click would open.
 *
 * A live region announces the current kernel.
 *
 * @param {KernelGrid} kernelGrid
 * @param {(takesFocus: boolean) => void} goToUnit
 */
export function startKernelKeys(page, kernelGrid, goToUnit) {
  const {room, tiles} = kernelGrid;
  const said = newElement(page, "p", {class: "visually-hidden", role: "status"});
  room.after(said);
  let [at, waiting] = [null, 0];

  room.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      if (!at || !kernelGrid.open(at)) return;
      goToUnit(true);
    } else {
      const next = pictureAfter(tiles, at, event.key, kernelGrid.layout.perLine);
      if (!next) return;
      at = {...next, ...heaviest(tiles, kernelGrid.kernel, next)};
      kernelGrid.showUnder(at);
      showMarked();
      tellLater();
    }
    event.preventDefault();
    event.stopPropagation();
  });
  room.addEventListener("blur", () => {
    if (at) kernelGrid.showUnder(null);
    at = null;
  });

  function tellLater() {
    clearTimeout(waiting);
    const numbers = kernelGrid.isWritten ? ` ${weightsOfPicture(tiles, kernelGrid.kernel, at.output, at.channel).map((each) => formatNumber(each)).join(", ")}` : "";
    waiting = setTimeout(() => { said.textContent = kernelGrid.told.textContent + numbers; }, KERNEL_SAID_AFTER);
  }

  /** Scroll the current kernel into view. */
  function showMarked() {
    const {left, right} = kernelGrid.frameOfPicture(at);
    const {scale} = kernelGrid.picture;
    if (left * scale < room.scrollLeft) room.scrollLeft = left * scale;
    else if (right * scale > room.scrollLeft + room.clientWidth) room.scrollLeft = right * scale - room.clientWidth;
  }
}

/** Return the weight with the largest magnitude in a kernel. */
function heaviest(tiles, kernel, {output, channel}) {
  const weights = weightsOfPicture(tiles, kernel, output, channel);
  const place = weights.reduce((best, weight, each) => (Math.abs(weight) > Math.abs(weights[best]) ? each : best), 0);
  return {row: Math.floor(place / tiles.columns), column: place % tiles.columns};
}
