import {newElement, writeText} from "../../dom/element.js";
import {frameOfBox} from "../../dom/overlay.js";
import {PixelPicture, paintImage} from "../../dom/pixel-picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {layOutTiles, paintTiles, perLineOfBlock, tileCorner} from "../../dom/tiles.js";
import {unusedPixels} from "../../network/receptive-field.js";
import {isPicture} from "../../network/shape.js";
import {unitReceptiveField} from "../../network/unit-receptive-field.js";

/** @typedef {import("../../image/color/paint.js").ValueRange} ValueRange */

/** Maximum screen pixels of a picture's side; a phone must fit two side by side. */
const PICTURE_SIDE = 210;
const BETWEEN_PICTURES = 24;
const MAX_PIXEL_SIDE = 24;

/** Three pictures side by side: the image, the input of the layer, and the channel of the open unit. */
export class UnitPictures {
  /** @param {boolean[]} signed per layer */
  constructor(page, session, signed) {
    Object.assign(this, {page, session, signed, unused: unusedPixels(session.network), side: PICTURE_SIDE});
    this.image = new CaptionedPicture(page);
    this.before = new CaptionedPicture(page);
    this.channel = new CaptionedPicture(page);
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {class: "unit-pictures"}, this.image.element, this.before.element, this.channel.element);
    writeText(this.image.caption, "The image");
    this.image.legend.element.hidden = true;
  }

  /** @param {number} room screen pixels for a line of pictures */
  fit(room) {
    this.side = Math.min(PICTURE_SIDE, Math.floor((room - BETWEEN_PICTURES) / 2));
  }

  /**
   * @param {import("./selected-unit.js").Unit} unit
   * @param {Record<string, ValueRange[]>} ranges
   * @param {import("../../dom/theme-colors.js").ThemeColors} colors
   * @param {{shownChannel: number, isPlaying: boolean}} view `shownChannel`: which channel of what was read
   */
  show({index, place}, ranges, colors, {shownChannel, isPlaying}) {
    const {network, run, open} = this.session;
    const layer = network.layers[index];
    const field = unitReceptiveField(network, index, place);
    this.showImage(open.pixels, network.inputShape, field.image, colors);
    const previous = index > 0 ? network.layers[index - 1] : null;
    this.before.element.hidden = !previous;
    if (previous) {
      const channel = field.channel >= 0 ? field.channel : shownChannel;
      this.showLayer(this.before, index - 1, channel, ranges, colors, run.activations[previous.name]);
      const marks = field.before ? [{kind: "field", frame: frameOfBox(field.before)}] : marksBefore(layer, place, this.before.layout);
      this.before.picture.mark(marks);
    }
    const activation = run.activations[layer.name];
    this.showLayer(this.channel, index, place[2] ?? 0, ranges, colors, activation);
    const pending = isPlaying ? pendingUnits(place, activation.shape, this.channel.layout, colors.ground) : [];
    this.channel.picture.mark(pending);
  }

  showImage(pixels, shape, box, colors) {
    const {picture} = this.image;
    const [rows, columns] = shape;
    picture.resize(columns, rows, scaleFor(rows, columns, this.side));
    paintImage(pixels, shape, colors.isTurned, picture.bytes);
    picture.show();
    const unusedMarks = this.unused.includes(1) ? [{kind: "unused", mask: this.unused, color: colors.muted}] : [];
    picture.mark([...unusedMarks, {kind: "field", frame: frameOfBox(box)}]);
  }

  showLayer(target, index, channel, ranges, colors, {shape, data}) {
    const {name} = this.session.network.layers[index];
    const table = this.signed[index] ? colors.signed : colors.unsigned;
    const scales = ranges[name];
    const scale = {...scales[isPicture(shape) ? channel : 0], table};
    const single = isPicture(shape) ? {count: 1, rows: shape[0], columns: shape[1]} : {count: shape[0], rows: 1, columns: 1};
    target.layout = layOutTiles(single, isPicture(shape) ? shape[1] : lineOfUnits(shape[0]), 0);
    const {width, height} = target.layout;
    target.picture.resize(width, height, scaleFor(height, width, this.side));
    const values = isPicture(shape) ? channelOf(data, shape, channel) : data;
    paintTiles(values, target.layout, () => scale, target.picture.bytes);
    target.picture.show();
    target.legend.show(scale);
    writeText(target.caption, isPicture(shape) ? `${name}, channel ${channel}` : name);
  }
}

/** A picture with its name above and its scale below. */
class CaptionedPicture {
  constructor(page) {
    this.caption = newElement(page, "figcaption");
    this.picture = new PixelPicture(page, {"aria-hidden": "true"});
    this.legend = new ScaleLegend(page);
    this.layout = null;
    this.element = newElement(page, "figure", {class: "unit-picture"}, this.caption, this.picture.element, this.legend.element);
  }
}

/** Return how many flat units to put in a line. */
function lineOfUnits(count) {
  return count <= 12 ? count : perLineOfBlock(count);
}

function scaleFor(rows, columns, side) {
  return Math.max(1, Math.min(MAX_PIXEL_SIDE, Math.floor(side / Math.max(rows, columns))));
}

/** @returns {Float32Array} one channel of a layer */
function channelOf(data, [rows, columns, channels], channel) {
  const values = new Float32Array(rows * columns);
  for (let pixel = 0; pixel < values.length; pixel++) values[pixel] = data[pixel * channels + channel];
  return values;
}

/** Return outlines in the input; if it is flat, only a copy has one position to outline. */
function marksBefore({operation, formula, inputShape}, place, layout) {
  if (!operation?.copies || formula.name === "softmax" || isPicture(inputShape)) return [];
  const {left, top} = tileCorner(layout, place[0]);
  return [{kind: "field", frame: {left, top, right: left + 1, bottom: top + 1}}];
}

/** Cover the units that the animation has not reached. */
function pendingUnits(place, shape, {perLine, width, height}, color) {
  const [row, column] = isPicture(shape) ? place : [Math.floor(place[0] / perLine), place[0] % perLine];
  return [
    {kind: "pending", frame: {left: column + 1, top: row, right: width, bottom: row + 1}, color},
    {kind: "pending", frame: {left: 0, top: row + 1, right: width, bottom: height}, color},
  ];
}
