import {newElement, writeText} from "../../dom/element.js";
import {placeBehind} from "./selected-unit.js";

/** Number fields for the position of the unit, usable without the pictures. */
export class UnitChoice {
  /** @param {import("./selected-unit.js").OpenUnit} unit */
  constructor(unit) {
    this.unit = unit;
    this.axes = ["Channel", "Row", "Column"].map((title) => this.field(title));
    this.single = this.field("Unit");
    this.element = newElement("div", {class: "unit-choice"}, ...[...this.axes, this.single].map(({element}) => element));
  }

  field(title) {
    const input = newElement("input", {type: "number", min: 0, inputmode: "numeric", input: () => this.take()});
    const extent = newElement("span", {class: "quiet"});
    const element = newElement("label", {}, newElement("span", {}, title, " ", extent), input);
    return {input, extent, element};
  }

  /** @param {import("./selected-unit.js").Unit} unit */
  show({index, place}) {
    const {outputShape: shape} = this.unit.session.network.layers[index];
    for (const {element} of this.axes) element.hidden = shape.length !== 3;
    this.single.element.hidden = shape.length === 3;
    this.fieldsFor(place).forEach(({input, extent}, axis) => {
      input.max = String(shape[axis] - 1);
      writeText(extent, `0–${shape[axis] - 1}`);
      if (input.value !== String(place[axis])) input.value = String(place[axis]);
    });
  }

  fieldsFor(place) {
    return place.length === 3 ? [this.axes[1], this.axes[2], this.axes[0]] : [this.single];
  }

  /** What was typed, if there is such a unit. */
  take() {
    const {index, place} = this.unit.open;
    const fields = this.fieldsFor(place);
    if (fields.every(({input}) => input.value !== "" && input.checkValidity())) {
      this.unit.choose(index, fields.map(({input}) => Number(input.value)));
    }
  }
}

/** Places per second, and which of them it starts with. */
const SPEEDS = [1, 2, 4, 8, 16, 32];
const FIRST_SPEED = 2;

/**
 * Buttons that move the window over the input, unit by unit, until the user interacts: play, step and speed.
 *
 * Nothing moves before one is pressed; for users who asked for reduced motion there are only steps.
 */
export class UnitWalk {
  /**
   * @param {HTMLElement} stage that must be seen for the animation to go on
   * @param {() => boolean} mayStart whether there is nothing to ask first
   */
  constructor(unit, stage, mayStart) {
    Object.assign(this, {unit, timer: 0});
    this.button = newElement("button", {type: "button", class: "play"}, "Play");
    const step = newElement("button", {type: "button", class: "step-unit"}, "Step");
    this.speed = newElement("input", {type: "range", class: "walk-speed", min: 0, max: SPEEDS.length - 1, value: FIRST_SPEED});
    this.rate = newElement("span", {class: "quiet"});
    const speed = newElement("label", {}, newElement("span", {}, "Speed"), this.speed, this.rate);
    this.button.hidden = speed.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.element = newElement("div", {class: "unit-walk"}, this.button, step, speed);
    this.button.addEventListener("click", () => (this.timer ? this.stop() : mayStart() && this.start()));
    step.addEventListener("click", () => {
      this.stop();
      if (mayStart()) this.unit.choose(this.unit.open.index, this.next());
    });
    this.speed.addEventListener("input", () => {
      this.tell();
      if (this.timer) this.run();
    });
    for (const kind of ["pointerdown", "keydown"]) {
      stage.addEventListener(kind, ({target}) => !this.element.contains(target) && this.stop());
    }
    unit.subscribe(() => unit.isPlaying || this.stop());
    new IntersectionObserver((entries) => entries.at(-1).isIntersecting || this.stop()).observe(stage);
    this.tell();
  }

  start() {
    this.run();
    this.tell();
    this.unit.walkTo({index: this.unit.open.index, place: this.next()});
  }

  run() {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.unit.walkTo({index: this.unit.open.index, place: this.next()}), 1000 / SPEEDS[this.speed.value]);
  }

  /** Return the unit behind the open one; the first one of its channel after the last. */
  next() {
    const {index, place} = this.unit.open;
    return placeBehind(this.unit.session.network.layers[index].outputShape, place) ?? place.map((number, axis) => (axis === 2 ? number : 0));
  }

  stop() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.unit.endWalk();
    this.tell();
  }

  /** What the button does now, and how fast. */
  tell() {
    writeText(this.button, this.timer ? "Stop" : "Play");
    const speed = SPEEDS[this.speed.value];
    writeText(this.rate, `${speed} a second`);
    this.speed.setAttribute("aria-valuetext", `${speed} places a second`);
  }
}
