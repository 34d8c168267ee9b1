import {newElement, writeAttributes, writeText} from "../../dom/element.js";
import {paintInputs} from "../../dom/picture.js";
import {PixelPicture, frameOfBox} from "../../dom/pixel-picture.js";
import {setTabStop, startRovingFocus} from "../../dom/roving-focus.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {layOutTiles, perLineOfBlock, tileCorner} from "../../dom/tiles.js";
import {colorOf, textOn} from "../../image/color/paint.js";
import {formatNumber} from "../../image/color/range.js";
import {unusedPixels, unitReceptiveField} from "../../network/receptive-field.js";
import {channelOf, isPicture} from "../../network/shape.js";
import {largestFirst} from "./arithmetic-lines.js";

/** Screen pixels of a side: of the input and output map, of the image beside the input map, of a small map. */
const [MAP_SIDE, FIELD_IMAGE_SIDE, SMALL_SIDE] = [132, 60, 26];
const MAX_PIXEL_SIDE = 26;
/** Screen pixels of a unit that has space for its value. */
const SMALLEST_WRITTEN = 22;
const MAX_SMALL = 16;

/** What a unit reads, to the left of its arithmetic, and the map that it is part of, to the right. */
export class UnitPictures {
  /** @param {(channel: number) => void} onPick is told which input channel to show */
  constructor(session, onPick) {
    Object.assign(this, {session, unused: unusedPixels(session.network), smallKey: "", smallChannels: []});
    [this.image, this.before, this.channel] = [0, 0, 0].map(() => new CaptionedPicture());
    this.small = Array.from({length: MAX_SMALL}, () => {
      const picture = new PixelPicture({"aria-hidden": "true"});
      const click = () => onPick(Number(button.dataset.channel));
      const button = newElement("button", {type: "button", class: "small-map", tabindex: "-1", click}, picture.element);
      return {picture, button};
    });
    this.smallBox = newElement("div", {class: "small-maps", role: "group", "aria-label": "Input channels"}, ...this.small.map(({button}) => button));
    startRovingFocus(this.smallBox, ".small-map");
    this.inputs = newElement("div", {class: "unit-inputs"}, this.smallBox, newElement("div", {}, this.before.element, this.image.element));
    this.image.legend.element.hidden = true;
  }

  /** @param {{shown: number, isPlaying: boolean}} view `shown`: which channel of what was read */
  show({index, place}, told, scales, {shown, isPlaying}) {
    const {colors} = scales;
    const {network, run, open} = this.session;
    const layer = network.layers[index];
    const field = unitReceptiveField(network, index, place);
    this.inputs.hidden = told.kind === "dense" && index > 0;
    this.showImage(open.pixels, field.image, colors, index > 0 ? FIELD_IMAGE_SIDE : MAP_SIDE);
    this.before.element.hidden = index === 0;
    if (index > 0) {
      const channel = field.channel >= 0 ? field.channel : shown;
      this.showLayer(this.before, index - 1, channel, scales);
      const marks = field.before ? [{kind: "field", frame: frameOfBox(field.before)}] : marksBefore(layer, place, this.before.layout);
      this.before.picture.mark([...this.before.numbers, ...marks]);
    }
    this.showSmall(told, index, place, scales, shown);
    this.showLayer(this.channel, index, place[2] ?? 0, scales);
    const pending = isPlaying ? pendingUnits(place, layer.outputShape, this.channel.layout, colors.ground) : [];
    this.channel.picture.mark([...this.channel.numbers, ...pending]);
    writeText(this.channel.caption, run.activations[layer.name].shape.length === 3 ? "output map" : "output");
  }

  showImage(pixels, box, colors, side) {
    const {picture} = this.image;
    const {height, width} = this.session.shape;
    picture.resize(width, height, scaleFor(height, width, side));
    picture.canvas.classList.toggle("inked", this.session.isInk);
    paintInputs(picture.canvas, this.session, pixels);
    const unusedMarks = this.unused.includes(1) ? [{kind: "unused", mask: this.unused, color: colors.muted}] : [];
    picture.mark([...unusedMarks, {kind: "field", frame: frameOfBox(box)}]);
    writeText(this.image.caption, "the image");
  }

  showLayer(target, index, channel, scales) {
    const {network: {layers}, run} = this.session;
    const {name} = layers[index];
    const {shape, data} = run.activations[name];
    const isMap = isPicture(shape);
    const scale = scales.of(index, isMap ? channel : 0);
    const single = isMap ? {count: 1, rows: shape[0], columns: shape[1]} : {count: shape[0], rows: 1, columns: 1};
    target.layout = layOutTiles(single, isMap ? shape[1] : shape[0] <= 5 ? shape[0] : perLineOfBlock(shape[0]), 0);
    const {width, height} = target.layout;
    target.picture.resize(width, height, scaleFor(height, width, MAP_SIDE));
    const values = isMap ? channelOf(data, shape, channel) : data;
    target.picture.paint(values, scale, target.layout);
    target.numbers = target.picture.scale >= SMALLEST_WRITTEN ? numbersIn(values, width, scale) : [];
    target.legend.show(scale);
    writeText(target.caption, isMap && shape[2] > 1 ? `${name}, channel ${channel}` : name);
  }

  /** The input channels as small maps: all of them, or those that contribute most, the shown one marked. */
  showSmall(told, index, place, scales, shown) {
    const all = told.kind === "convolution" ? told.channels : [];
    const key = `${index} ${place[2]} ${this.session.open.name} ${all.length}`;
    if (key !== this.smallKey) {
      const chosen = largestFirst(all, ({sum}) => sum, MAX_SMALL).shown.map(({channel}) => channel);
      [this.smallKey, this.smallChannels] = [key, chosen.sort((one, other) => one - other)];
    }
    this.smallBox.hidden = this.smallChannels.length < 2;
    if (this.smallBox.hidden) return;
    const {network, run, open} = this.session;
    const {shape, data} = index > 0 ? run.activations[network.layers[index - 1].name] : {shape: network.inputShape, data: open.pixels};
    this.small.forEach(({picture, button}, number) => {
      const channel = this.smallChannels[number];
      button.hidden = channel === undefined;
      if (button.hidden) return;
      picture.resize(shape[1], shape[0], SMALL_SIDE / Math.max(shape[0], shape[1]));
      picture.paint(channelOf(data, shape, channel), scales.of(index - 1, channel));
      writeAttributes(button, {"data-channel": channel, "aria-label": `Input channel ${channel}`, "aria-pressed": channel === shown});
    });
    const pressed = this.small.find(({button}) => !button.hidden && button.getAttribute("aria-pressed") === "true") ?? this.small[0];
    if (!this.smallBox.contains(document.activeElement)) setTabStop(this.small.map(({button}) => button), pressed.button);
  }
}

/** A picture with its name above and its scale below. */
class CaptionedPicture {
  constructor() {
    this.caption = newElement("figcaption");
    this.picture = new PixelPicture({"aria-hidden": "true"});
    this.legend = new ScaleLegend();
    [this.layout, this.numbers] = [null, []];
    this.element = newElement("figure", {class: "unit-picture"}, this.caption, this.picture.element, this.legend.element);
  }
}

/** Return a whole number of screen pixels per unit, or a fraction for maps larger than the picture. */
function scaleFor(rows, columns, side) {
  const scale = side / Math.max(rows, columns);
  return scale < 1 ? scale : Math.min(MAX_PIXEL_SIDE, Math.floor(scale));
}

/** Return the values, written into their cells. */
function numbersIn(values, width, scale) {
  return Array.from(values, (value, place) => {
    const [left, top] = [place % width, Math.floor(place / width)];
    return {kind: "number", frame: {left, top, right: left + 1, bottom: top + 1}, text: formatNumber(value, 2), color: textOn(colorOf(value, scale))};
  });
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
