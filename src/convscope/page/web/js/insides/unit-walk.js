import {newNode, writeText} from "./node.js";
import {placeBehind} from "./places.js";

/** Milliseconds that the window stays at a place. */
const STEP = 60;

/**
 * A button that lets the window walk over the picture by itself, unit by unit, until a hand takes it: nothing moves before
 * it is pressed, and not at all for readers who asked their system for less motion.
 */
export class UnitWalk {
  /**
   * @param {Document} page
   * @param {import("./open-unit.js").OpenUnit} unit
   * @param {HTMLElement} stage that must be seen for the walk to go on
   */
  constructor(page, unit, stage) {
    this.unit = unit;
    this.timer = 0;
    this.button = newNode(page, "button", {type: "button", class: "walk"});
    this.tell();
    this.button.hidden = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.start()));
    for (const kind of ["pointerdown", "keydown"]) stage.addEventListener(kind, (event) => event.target !== this.button && this.stop());
    unit.subscribe((change) => {
      if (change !== "open") return;
      if (!unit.isWalking) this.stop();
      this.tell();
    });
    new IntersectionObserver(([{isIntersecting}]) => isIntersecting || this.stop()).observe(stage);
  }

  start() {
    const {open, live} = this.unit;
    const shape = live.network.layers[open.index].outputShape;
    const isAtEnd = !placeBehind(shape, open.place);
    const first = open.place.map((index, axis) => (axis === 2 ? index : 0));
    this.unit.pointed = null;
    this.timer = setInterval(() => this.step(), STEP);
    this.tell();
    this.unit.walkTo({index: open.index, place: isAtEnd ? first : open.place});
  }

  step() {
    const {index, place} = this.unit.open;
    const next = placeBehind(this.unit.live.network.layers[index].outputShape, place);
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
    const {open, live} = this.unit;
    const isPicture = live.network.layers[open.index].outputShape.length === 3;
    writeText(this.button, this.timer ? "Stop" : isPicture ? "Let the window walk" : "Walk over the units");
  }
}
