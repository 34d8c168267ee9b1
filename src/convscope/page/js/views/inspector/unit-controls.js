import {newElement, writeText} from "../../dom/element.js";
import {placeBehind} from "./selected-unit.js";

/** Input fields for the position of the unit, usable without the pictures. */
export class UnitChoice {
  /** @param {import("./selected-unit.js").OpenUnit} unit */
  constructor(page, unit) {
    this.unit = unit;
    const layers = unit.session.network.layers;
    this.layer = newElement(page, "select", {},
      ...unit.computed.map(({name}) => newElement(page, "option", {value: name}, name)));
    this.layer.addEventListener("change", () => unit.chooseLayer(layers.findIndex(({name}) => name === this.layer.value)));
    this.axes = ["Channel", "Row", "Column"].map((title) => this.field(page, title));
    this.single = this.field(page, "Unit");
    const label = newElement(page, "label", {}, newElement(page, "span", {}, "Layer"), this.layer);
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {class: "unit-choice"}, label, ...[...this.axes, this.single].map(({element}) => element));
  }

  field(page, title) {
    const input = newElement(page, "input", {type: "number", min: 0, inputmode: "numeric"});
    const extent = newElement(page, "span", {class: "quiet"});
    const element = newElement(page, "label", {}, newElement(page, "span", {}, title, " ", extent), input);
    input.addEventListener("input", () => this.take());
    return {input, extent, element};
  }

  /** @param {import("./selected-unit.js").Unit} unit */
  show({index, place}) {
    const {name, outputShape: shape} = this.unit.session.network.layers[index];
    if (this.layer.value !== name) this.layer.value = name;
    const isPicture = shape.length === 3;
    for (const {element} of this.axes) element.hidden = !isPicture;
    this.single.element.hidden = isPicture;
    const fields = isPicture ? [this.axes[1], this.axes[2], this.axes[0]] : [this.single];
    fields.forEach(({input, extent}, axis) => {
      input.max = String(shape[axis] - 1);
      writeText(extent, `0–${shape[axis] - 1}`);
      if (input.value !== String(place[axis])) input.value = String(place[axis]);
    });
  }

  /** What was typed, if there is such a unit. */
  take() {
    const {index, place} = this.unit.open;
    const fields = place.length === 3 ? [this.axes[1], this.axes[2], this.axes[0]] : [this.single];
    if (fields.every(({input}) => input.value !== "" && input.checkValidity())) {
      this.unit.choose(index, fields.map(({input}) => Number(input.value)));
    }
  }
}

/** Milliseconds per position. */
const STEP = 60;

/**
 * A button that moves the window over the image, unit by unit, until the user interacts.
 *
 * Nothing moves before it is pressed, or at all for users who asked for reduced motion.
 */
export class UnitWalk {
  /**
   * @param {import("./selected-unit.js").OpenUnit} unit
   * @param {HTMLElement} stage that must be seen for the walk to go on
   */
  constructor(page, unit, stage) {
    this.unit = unit;
    this.timer = 0;
    this.button = newElement(page, "button", {type: "button", class: "play"});
    this.tell();
    this.button.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.start()));
    for (const kind of ["pointerdown", "keydown"]) stage.addEventListener(kind, (event) => event.target !== this.button && this.stop());
    unit.subscribe((change) => {
      if (change !== "open") return;
      if (!unit.isPlaying) this.stop();
      this.tell();
    });
    new IntersectionObserver(([{isIntersecting}]) => isIntersecting || this.stop()).observe(stage);
  }

  start() {
    const {open, session} = this.unit;
    const shape = session.network.layers[open.index].outputShape;
    const isAtEnd = !placeBehind(shape, open.place);
    const first = open.place.map((index, axis) => (axis === 2 ? index : 0));
    this.unit.pointed = null;
    this.timer = setInterval(() => this.step(), STEP);
    this.tell();
    this.unit.walkTo({index: open.index, place: isAtEnd ? first : open.place});
  }

  step() {
    const {index, place} = this.unit.open;
    const next = placeBehind(this.unit.session.network.layers[index].outputShape, place);
    if (next) this.unit.walkTo({index, place: next});
    else this.stop();
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.unit.endWalk();
    this.tell();
  }

  /** What the button does now. */
  tell() {
    const {open, session} = this.unit;
    const isPicture = session.network.layers[open.index].outputShape.length === 3;
    writeText(this.button, this.timer ? "Stop" : isPicture ? "Move the window" : "Step through the units");
  }
}
