import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement} from "../../dom/element.js";
import {rangesOfLayers, signedLayers} from "../../dom/signed-layers.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {formatNumber} from "../../image/color/range.js";
import {offsetOf} from "../../network/shape.js";
import {explainUnit} from "../../network/unit-arithmetic.js";
import {patchInWords, unitReceptiveField} from "../../network/unit-receptive-field.js";
import {UnitArithmetic} from "./arithmetic.js";
import {placeInWords} from "./selected-unit.js";
import {UnitChoice, UnitWalk} from "./unit-controls.js";
import {UnitGrid} from "./unit-grid.js";
import {UnitPictures} from "./unit-pictures.js";

/**
 * The view of one unit: pictures, controls, arithmetic.
 *
 * @typedef {import("../../state/session.js").Session} Session
 * @typedef {import("./selected-unit.js").OpenUnit} OpenUnit
 */

/**
 * @param {OpenUnit} unit
 * @param {() => void} leave goes back to the network grid
 * @returns {{focus: () => void}}
 */
export function startUnitView(page, session, unit, leave) {
  const element = page.querySelector("#unit");
  const signed = signedLayers(session.network);
  const pictures = new UnitPictures(page, session, signed);
  const choice = new UnitChoice(page, unit);
  const walk = new UnitWalk(page, unit, pictures.element);
  const sentence = newElement(page, "p", {class: "unit-sentence", id: "unit-sentence"});
  const redraw = drawWhenVisible(element, draw);
  const arithmetic = new UnitArithmetic(page, session, {openUnit: (index, place) => unit.choose(index, place), redraw});
  const grid = new UnitGrid(page, unit, pictures.channel.picture, leave);
  choice.element.append(walk.button);
  element.append(choice.element, pictures.element, sentence, arithmetic.element);
  const view = {channel: -1};

  function draw() {
    if (!unit.open) return;
    const {network, run, open: {pixels}} = session;
    const colors = themeColors(page, session);
    const {index, place} = unit.open;
    const layer = network.layers[index];
    const ranges = rangesOfLayers(network, run, signed, session.state.scale);
    const told = explainUnit(network, pixels, run.activations, layer.name, place);
    const shownChannel = view.channel >= 0 ? view.channel : strongestChannel(told, place);
    pictures.show(unit.open, ranges, colors, {shownChannel, isPlaying: unit.isPlaying});
    choice.show(unit.open);
    grid.show(unit.open, pictures.channel.layout);
    sentence.replaceChildren(...unitSentence(page, session, unit.open));
    arithmetic.show(unit.open, told, {colors, ranges, signed, weightExtent: extentOfWeights(layer)});
  }

  session.subscribe((_, changed) => (changed.has("run") || changed.has("scale")) && redraw());
  onThemeChange(session, redraw);
  unit.subscribe((change) => change === "open" && redraw());
  arithmetic.body.addEventListener("pointerover", ({target}) => {
    const row = target.closest("[data-channel]");
    const channel = row ? Number(row.dataset.channel) : -1;
    if (channel === view.channel) return;
    view.channel = channel;
    redraw();
  });
  arithmetic.body.addEventListener("pointerleave", () => { view.channel = -1; redraw(); });
  new ResizeObserver(([{contentRect}]) => {
    pictures.fit(contentRect.width);
    redraw();
  }).observe(pictures.element);
  startDragging(pictures.image.picture, session, unit);
  redraw();
  return {focus: () => grid.cell.focus()};
}

/** Return the input channel with the largest contribution. */
function strongestChannel(told, place) {
  if (told?.kind !== "convolution") return place[place.length - 1];
  return told.channels.reduce((best, each) => (Math.abs(each.sum) > Math.abs(best.sum) ? each : best)).channel;
}

/** Largest magnitude of a layer's weights, computed once per layer and epoch. */
const EXTENTS = new WeakMap();

/** @param {import("../../network/network.js").Layer} layer */
function extentOfWeights({weights: {kernel}}) {
  if (!kernel) return 1;
  if (!EXTENTS.has(kernel)) EXTENTS.set(kernel, kernel.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0));
  return EXTENTS.get(kernel);
}

/** Return "conv2d_1, channel 7, row 4, column 5, has the value 1.234. Its receptive field: rows 8 to 15, …". */
function unitSentence(page, session, {index, place}) {
  const {network, run} = session;
  const {name, outputShape: shape} = network.layers[index];
  const value = run.activations[name].data[offsetOf(shape, place)];
  const {image} = unitReceptiveField(network, index, place);
  const names = session.payload.dataset.class_names;
  const isClass = index === network.layers.length - 1 && shape.length === 1 && shape[0] === names.length;
  return [
    newElement(page, "bdi", {}, name), `, ${placeInWords(place, shape)}`,
    ...(isClass ? [", the class ", newElement(page, "bdi", {}, names[place[0]])] : []), ", has the value ",
    newElement(page, "b", {id: "unit-value", "data-value": value}, formatNumber(value, 5)),
    `. Its receptive field: ${patchInWords(image, network.inputShape)}.`,
  ];
}

/** Let the pointer drag the window: open the unit whose receptive field is under it. */
function startDragging(picture, session, unit) {
  const take = (event) => {
    const {x, y} = picture.unitsAt(event);
    const {inputShape: shape, layers} = session.network;
    const {outputShape} = layers[unit.open.index];
    if (outputShape.length !== 3 || x < 0 || y < 0 || x >= shape[1] || y >= shape[0]) return;
    const [row, column] = [y / shape[0], x / shape[1]].map((share, axis) => Math.floor(share * outputShape[axis]));
    unit.choose(unit.open.index, [row, column, unit.open.place[2]]);
  };
  picture.canvas.addEventListener("pointerdown", (event) => {
    picture.canvas.setPointerCapture(event.pointerId);
    take(event);
  });
  picture.canvas.addEventListener("pointermove", (event) => event.buttons && take(event));
}
