import {newElement} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {formatNumber} from "../../image/color/range.js";
import {patchInWords, unitReceptiveField} from "../../network/receptive-field.js";
import {offsetOf} from "../../network/shape.js";
import {explainUnit} from "../../network/unit-arithmetic.js";
import {UnitArithmetic} from "./arithmetic.js";
import {KernelQuestion} from "./kernel-question.js";
import {extentOf} from "./kernel-tiles.js";
import {placeInWords} from "./selected-unit.js";
import {UnitChoice, UnitWalk} from "./unit-controls.js";
import {UnitGrid} from "./unit-grid.js";
import {UnitPictures} from "./unit-pictures.js";

/** One unit in one row: what it reads, its arithmetic, the map that it is part of; below it the controls. */
export class UnitView {
  /** @param {import("./selected-unit.js").OpenUnit} unit @param {() => void} redraw */
  constructor(session, unit, redraw) {
    Object.assign(this, {session, unit, picked: -1, pickedLayer: -1, pointed: null, shown: -1, colors: null});
    this.element = document.querySelector("#unit");
    this.pictures = new UnitPictures(session, (channel) => {
      [this.picked, this.pickedLayer] = [channel, unit.index];
      redraw();
    });
    this.arithmetic = new UnitArithmetic(session, {openUnit: (index, place) => unit.choose(index, place), redraw});
    this.grid = new UnitGrid(unit, this.pictures.channel.picture, (place) => {
      this.pointed = place && {index: unit.index, place};
      redraw();
    });
    this.choice = new UnitChoice(unit);
    const row = this.row = newElement("div", {class: "unit-row"}, this.pictures.inputs, this.arithmetic.element, this.pictures.channel.element);
    this.question = new KernelQuestion(session, () => this.walk.button.focus({preventScroll: true}));
    this.walk = new UnitWalk(unit, row, () => this.question.mayStart(unit.index, unit.open.place.at(-1), this.shown, this.colors));
    this.sentence = newElement("p", {class: "unit-sentence", id: "unit-sentence"});
    const controls = newElement("div", {class: "unit-controls"}, this.walk.element, this.choice.element, this.arithmetic.buttons);
    this.element.prepend(row, controls, this.question.element, this.sentence);
  }

  /** @param {import("../../dom/signed-layers.js").LayerScales} scales */
  draw(scales) {
    const {unit, session: {network, run, open: {pixels}}} = this;
    if (this.pointed && this.pointed.index !== unit.index) this.pointed = null;
    this.question.follow(unit.index);
    const at = this.pointed ?? unit.open;
    const layer = network.layers[at.index];
    const told = explainUnit(network, pixels, run.activations, layer.name, at.place);
    if (this.pickedLayer !== at.index) this.picked = -1;
    this.shown = this.picked >= 0 ? this.picked : strongestChannel(told, at.place);
    this.colors = scales.colors;
    this.pictures.show(at, told, scales, {shown: this.shown, isPlaying: unit.isPlaying});
    this.choice.show(unit.open);
    this.grid.show(at, this.pictures.channel.layout);
    this.sentence.replaceChildren(...unitSentence(this.session, at));
    const weights = told.channels ? told.channels.flatMap(({terms}) => terms.map(({weight}) => weight)) : told.terms?.map(({weight}) => weight);
    this.arithmetic.show(at, told, {scales, weightExtent: weights ? extentOf(weights) : 1, channel: this.shown});
    this.row.dataset.kind = told.kind;
    for (const note of this.element.querySelectorAll(":scope > .quiet")) note.hidden = this.pictures.inputs.hidden;
  }

  focus() {
    this.grid.cell.focus({preventScroll: true});
  }
}

/** Return the input channel with the largest contribution. */
function strongestChannel(told, place) {
  if (told?.kind !== "convolution") return place[place.length - 1];
  return told.channels.reduce((best, each) => (Math.abs(each.sum) > Math.abs(best.sum) ? each : best)).channel;
}

/** Return "conv2d_1, channel 7, row 4, column 5, has the value 1.234. Its receptive field: rows 8 to 15, …". */
function unitSentence(session, {index, place}) {
  const {network, run, names} = session;
  const {name, outputShape: shape} = network.layers[index];
  const value = run.activations[name].data[offsetOf(shape, place)];
  const {image} = unitReceptiveField(network, index, place);
  const isClass = index === network.layers.length - 1 && shape.length === 1 && shape[0] === names.length;
  return [
    newElement("bdi", {}, name), `, ${placeInWords(place, shape)}`,
    ...(isClass ? [", the class ", newElement("bdi", {}, names[place[0]])] : []), ", has the value ",
    newElement("b", {id: "unit-value", "data-value": value}, formatNumber(value, 5)),
    ...(isClass && run.probabilities && network.temperature !== 1 ? [` before calibration, ${formatProbability(run.probabilities[place[0]])} after it`] : []),
    `. Its receptive field: ${patchInWords(image, network.inputShape)}.`,
  ];
}
