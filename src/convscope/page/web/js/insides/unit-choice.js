import {newNode, writeText} from "./node.js";

/**
 * Where the unit stands, as fields that can be typed into: the way in for whom pictures say nothing.
 */
export class UnitChoice {
  /**
   * @param {Document} page
   * @param {import("./open-unit.js").OpenUnit} unit
   */
  constructor(page, unit) {
    this.unit = unit;
    const layers = unit.live.network.layers;
    this.layer = newNode(page, "select", {},
      ...unit.computed.map(({name}) => newNode(page, "option", {value: name}, name)));
    this.layer.addEventListener("change", () => unit.chooseLayer(layers.findIndex(({name}) => name === this.layer.value)));
    this.axes = ["Channel", "Row", "Column"].map((title) => this.field(page, title));
    this.single = this.field(page, "Unit");
    const label = newNode(page, "label", {}, newNode(page, "span", {}, "Layer"), this.layer);
    /** @type {HTMLElement} */
    this.element = newNode(page, "div", {class: "unit-choice"}, label, ...[...this.axes, this.single].map(({element}) => element));
  }

  field(page, title) {
    const input = newNode(page, "input", {type: "number", min: 0, inputmode: "numeric"});
    const extent = newNode(page, "span", {class: "quiet"});
    const element = newNode(page, "label", {}, newNode(page, "span", {}, title, " ", extent), input);
    input.addEventListener("input", () => this.take());
    return {input, extent, element};
  }

  /** @param {import("./open-unit.js").Unit} unit */
  show({index, place}) {
    const {name, outputShape: shape} = this.unit.live.network.layers[index];
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
