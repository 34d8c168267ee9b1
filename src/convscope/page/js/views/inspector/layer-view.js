import {newElement, refill, writeAttributes, writeText} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {setTabStop, startRovingFocus} from "../../dom/roving-focus.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {placeUnder} from "../../dom/tiles.js";
import {formatNumber} from "../../image/color/range.js";
import {sourceOfLayer} from "../../network/receptive-field.js";
import {channelOf, isPicture} from "../../network/shape.js";
import {largestOf} from "../../network/softmax.js";
import {extentOf, layOutWeights, weightTilesOf, weightsOfOutput} from "./kernel-tiles.js";

/** Units of a flat layer that get a tile. */
const MAX_UNITS = 24;
/** Screen pixels: least width of a tile, space between tiles, text of a tile, least height of all tiles, and what is above and below. */
const [LEAST_TILE, BETWEEN_TILES, TEXT_HEIGHT, LEAST_ROOM, AROUND] = [44, 10, 20, 220, 300];
/** Sizes of a unit of a map, largest first, and the largest of a weight. */
const MAP_SCALES = [6, 5, 4, 3, 2, 1, 0.5, 0.25, 0.125];
const MAX_WEIGHT_SIDE = 12;

/** One layer: its channels as tiles, each with its kernels below it; the units of a flat layer in order. */
export class LayerView {
  /** @param {import("./selected-unit.js").OpenUnit} unit */
  constructor(session, unit) {
    Object.assign(this, {session, unit, scales: null, index: -1, tiles: [], finalKernels: new Map()});
    this.element = document.querySelector("#inside-layer");
    const [box, kernelScale, sort] = ["tiles", "kernel-scale", "sort"].map((name) => document.querySelector(`#inside-${name}`));
    Object.assign(this, {box, kernelScale, sort, others: document.querySelector("#inside-others"), told: document.querySelector("#inside-told")});
    [this.legend, this.weightLegend] = [new ScaleLegend(), new ScaleLegend()];
    document.querySelector("#inside-legends").append(this.legend.element, this.weightLegend.element);
    kernelScale.addEventListener("change", () => this.paintWeights());
    sort.addEventListener("change", () => this.draw(true));
    startRovingFocus(box, ".channel-tile");
    session.networkAt(0).then((last) => {
      for (const {name, weights} of last.layers) if (weights.kernel) this.finalKernels.set(name, weights.kernel);
      if (this.index >= 0) this.paintWeights();
    });
  }

  get layer() {
    return this.session.network.layers[this.index];
  }

  /** Show a layer for the first time: as many tiles as it has channels. */
  open(index) {
    const {session: {network}} = this;
    this.index = index;
    this.weights = weightTilesOf(network, index);
    this.weightLayout = this.weights && layOutWeights(this.weights);
    const {outputShape: shape} = this.layer;
    const count = isPicture(shape) ? shape[2] : Math.min(MAX_UNITS, shape[0]);
    const focused = this.box.contains(document.activeElement);
    this.tiles = Array.from({length: count}, () => this.newTile());
    this.box.replaceChildren(...this.tiles.map(({button}) => button));
    setTabStop(this.tiles.map(({button}) => button), this.tiles[0].button);
    if (focused) this.tiles[0].button.focus({preventScroll: true});
    this.kernelScale.hidden = this.weightLegend.element.hidden = !this.weights;
    this.sort.hidden = isPicture(shape) || count < 2;
    this.sort.querySelector("[value=contribution]").parentElement.hidden = !this.answerWeights();
    writeText(this.told, "");
    this.layOut();
    this.draw(true);
    this.paintWeights();
  }

  newTile() {
    const [map, kernel] = [new PixelPicture({"aria-hidden": "true"}), new PixelPicture({"aria-hidden": "true"})];
    const [name, value, bar] = [newElement("bdi"), newElement("span", {class: "n"}), newElement("i")];
    map.element.hidden = !isPicture(this.layer.outputShape);
    const meter = newElement("span", {class: "contribution", hidden: isPicture(this.layer.outputShape), "aria-hidden": "true"}, bar);
    const text = newElement("span", {class: "tile-text"}, name, value);
    const button = newElement("button", {type: "button", class: "channel-tile", tabindex: "-1"}, map.element, kernel.element, text, meter);
    const tile = {channel: -1, map, kernel, name, value, bar, button};
    kernel.element.hidden = !this.weights;
    button.addEventListener("click", () => this.unit.openChannel(this.index, tile.channel));
    kernel.canvas.addEventListener("pointermove", (event) => {
      const {x, y} = kernel.unitsAt(event);
      this.tell(tile.channel, placeUnder(this.weightLayout, x, y));
    });
    button.addEventListener("focus", () => this.tell(tile.channel, null));
    return tile;
  }

  /** Choose the largest scale at which all tiles fit beside the pad. */
  layOut() {
    const {outputShape: shape} = this.layer;
    const [width, height] = isPicture(shape) ? [shape[1], shape[0]] : [0, 0];
    const [room, most] = [this.box.clientWidth, Math.max(LEAST_ROOM, innerHeight - AROUND)];
    const weightScaleAt = (scale) => {
      if (!this.weights) return 0;
      const wide = width ? Math.max(width * scale, LEAST_TILE) : scale * LEAST_TILE;
      return Math.max(1, Math.min(MAX_WEIGHT_SIDE, Math.floor(wide / this.weightLayout.width)));
    };
    const fits = (scale) => {
      const times = weightScaleAt(scale);
      const wide = Math.max(LEAST_TILE, width * scale, times * (this.weightLayout?.width ?? 0)) + BETWEEN_TILES;
      const high = height * scale + times * (this.weightLayout?.height ?? 0) + TEXT_HEIGHT + BETWEEN_TILES;
      return Math.ceil(this.tiles.length / Math.max(1, Math.floor(room / wide))) * high <= most;
    };
    const scale = MAP_SCALES.find((each) => width * each <= room && fits(each)) ?? MAP_SCALES.find((each) => width * each <= LEAST_TILE) ?? 0.125;
    for (const {map, kernel} of this.tiles) {
      if (width) map.resize(width, height, scale);
      if (this.weights) kernel.resize(this.weightLayout.width, this.weightLayout.height, weightScaleAt(scale));
    }
  }

  /** @param {boolean} isNew whether the image is another one, so that units are ordered anew */
  draw(isNew) {
    const {scales, session: {state}, layer: {outputShape: shape}} = this;
    const data = this.shownValues();
    const scale = scales.of(this.index);
    const isMap = isPicture(shape);
    if (isNew && this.place(data) && this.weights) this.paintWeights();
    const extent = isMap ? 1 : extentOf(data);
    for (const tile of this.tiles) {
      const {channel, map, bar, value, button} = tile;
      if (isMap) {
        map.paint(channelOf(data, shape, channel), scales.of(this.index, channel));
      } else {
        writeText(value, this.write(data[channel]));
        bar.className = data[channel] < 0 ? "less" : "more";
        bar.style.width = `${(50 * Math.abs(data[channel])) / extent}%`;
      }
      writeAttributes(button, {"aria-label": `${this.nameOf(channel)}${isMap ? "" : `, ${this.write(data[channel])}`}. Open.`});
    }
    this.legend.element.hidden = !isMap; // a flat layer's tiles have bars instead
    const words = scale.minimum < 0 ? ["−", "+"] : ["least", "most of each"];
    if (state.scale === "channel" && isMap && shape[2] > 1) this.legend.showWords(scale.table, words);
    else this.legend.show(scale);
    this.tellOthers(data);
  }

  /** @returns {boolean} whether the units are the classes' probabilities */
  hasProbabilities() {
    const {session: {run, network}, layer} = this;
    return layer.formula?.name === "softmax" && layer === network.layers.at(-1) && Boolean(run.probabilities);
  }

  /** Return the layer's activations; of the softmax the probabilities that the whole page shows, which are calibrated. */
  shownValues() {
    const {session: {run}, layer: {name}} = this;
    return this.hasProbabilities() ? run.probabilities : run.activations[name].data;
  }

  write(value) {
    return this.hasProbabilities() ? formatProbability(value) : formatNumber(value);
  }

  /** Give each tile its channel. @returns {boolean} whether any has another one than before */
  place(data) {
    const order = isPicture(this.layer.outputShape) ? this.tiles.map((_, place) => place)
      : orderOfUnits(data, this.sort.querySelector(":checked").value === "contribution" ? this.answerWeights() : null);
    let isChanged = false;
    this.tiles.forEach((tile, place) => {
      isChanged ||= tile.channel !== order[place];
      tile.channel = order[place];
      writeText(tile.name, this.shortName(tile.channel));
    });
    return isChanged;
  }

  /** What the other units of a flat layer add up to. */
  tellOthers(data) {
    const hidden = data.length - this.tiles.length;
    this.others.hidden = isPicture(this.layer.outputShape) || hidden <= 0;
    if (this.others.hidden) return;
    const total = data.reduce((sum, value) => sum + value, 0);
    const shown = this.tiles.reduce((sum, {channel}) => sum + data[channel], 0);
    writeText(this.others, `The other ${hidden.toLocaleString("en")} units add up to ${this.write(total - shown)}.`);
  }

  /** The kernels in colours: each filter on its own scale, or all on that of the layer, which is that of the last epoch. */
  paintWeights() {
    if (!this.weights || !this.scales) return;
    const {layer: {weights: {kernel}}, scales: {colors: {signed: table}}} = this;
    const last = this.finalKernels.get(this.layer.name) ?? kernel;
    const isOwn = this.kernelScale.querySelector(":checked").value === "filter";
    const whole = extentOf(last);
    for (const {channel, kernel: picture} of this.tiles) {
      const extent = isOwn ? extentOf(weightsOfOutput(this.weights, last, channel)) : whole;
      picture.paint(weightsOfOutput(this.weights, kernel, channel), {minimum: -extent, maximum: extent, table}, this.weightLayout);
    }
    if (isOwn) this.weightLegend.showWords(table, ["Weights: −", "+"]);
    else this.weightLegend.show({minimum: -whole, maximum: whole, table});
  }

  /**
   * Tell the weight that is pointed at, or the largest one of a filter.
   * @param {import("../../dom/tiles.js").TilePlace | null} under
   */
  tell(channel, under) {
    if (!this.weights) return;
    const {rows, columns, stack, isWindow} = this.weights;
    const weights = weightsOfOutput(this.weights, this.layer.weights.kernel, channel);
    const isSingle = rows === 1 && stack === 1;
    let place = under && (isSingle ? under.tile : (under.row * columns + under.column) * stack + under.tile);
    if (place === null) place = weights.reduce((best, weight, each) => (Math.abs(weight) > Math.abs(weights[best]) ? each : best), 0);
    const [input, pixel] = [place % stack, Math.floor(place / stack)];
    const row = isSingle ? `input ${pixel}` : `row ${Math.floor(pixel / columns)}, column ${pixel % columns}`;
    const where = stack > 1 ? `input channel ${input}, ${row}` : row;
    const [name, value] = [isWindow ? `filter ${channel}` : this.nameOf(channel), formatNumber(weights[place], 4)];
    writeText(this.told, under ? `${name}, ${where}: ${value}` : `Largest weight of ${name} in magnitude: ${value} (${where})`);
  }

  /** Return the weights from this layer to the class that is asked about, if the last layer reads it. */
  answerWeights() {
    const {network: {layers}, state: {target}, run: {probabilities}} = this.session;
    const last = layers.length - 1;
    const {kernel} = layers[last].weights;
    if (!probabilities || !kernel || this.index >= last || isPicture(this.layer.outputShape)) return null;
    if (this.index < sourceOfLayer(this.session.network, last).index || layers[last].inputShape[0] !== this.layer.outputShape[0]) return null;
    const asked = target >= 0 && target < probabilities.length ? target : largestOf(probabilities);
    return Float32Array.from({length: this.layer.outputShape[0]}, (_, unit) => kernel[unit * probabilities.length + asked]);
  }

  nameOf(channel) {
    const {network: {layers}, names} = this.session;
    if (isPicture(this.layer.outputShape)) return `channel ${channel}`;
    return this.index === layers.length - 1 && names.length === this.layer.outputShape[0] ? `class ${names[channel]}` : `unit ${channel}`;
  }

  shortName(channel) {
    return this.nameOf(channel).replace(/^\w+ /, "");
  }

  /** Move the focus to a channel. */
  focus(channel = -1) {
    const tile = this.tiles.find((each) => each.channel === channel) ?? this.tiles[0];
    tile.button.focus({preventScroll: true});
    tile.button.scrollIntoView({block: "nearest"});
  }
}

/** Fill in the title of the panel: the layer, its kind and shape. */
export function showLayerTitle(title, {name, kind, outputShape}, isUnit) {
  const isNamed = name.replace(/_\d+$/, "").replaceAll("_", "") === kind.toLowerCase();
  const shape = outputShape.length === 1 ? `${outputShape[0].toLocaleString("en")} units` : outputShape.join(" × ");
  refill(title, {name}, isUnit ? "" : `: ${isNamed ? "" : `${kind}, `}${shape}`);
}

/**
 * Return the units of a flat layer, largest magnitude first.
 * @param {ArrayLike<number>} data the activations
 * @param {ArrayLike<number> | null} weights to order by activation × weight; null for the activation alone
 */
export function orderOfUnits(data, weights) {
  const sizes = Array.from(data, (value, unit) => Math.abs(weights ? value * weights[unit] : value));
  return sizes.map((_, unit) => unit).sort((one, other) => sizes[other] - sizes[one]);
}
