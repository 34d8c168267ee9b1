import {newElement, writeAttributes, writeText} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {setTabStop, startRovingFocus} from "../../dom/roving-focus.js";
import {layOutTiles, perLineOfBlock} from "../../dom/tiles.js";
import {channelOf, isPicture, strongestPlace} from "../../network/shape.js";
import {predictionOf} from "../../state/prediction.js";

/** Screen pixels of a thumbnail. */
const THUMBNAIL = 28;

/** The layers as a row of small pictures, from the whole network to the prediction; one click changes the layer. */
export class Crumbs {
  /** @param {import("./selected-unit.js").OpenUnit} unit */
  constructor(session, unit) {
    Object.assign(this, {session, unit});
    const crumb = (index, ...content) => (
      newElement("button", {type: "button", class: "crumb", tabindex: "-1", click: () => unit.openLayer(index)}, ...content));
    this.layers = unit.computed.map(({name, outputShape: shape}, index) => {
      const picture = new PixelPicture({"aria-hidden": "true"});
      const [rows, columns] = isPicture(shape) ? shape : [1, 1];
      const layout = isPicture(shape) ? layOutTiles({count: 1, rows, columns}, columns)
        : layOutTiles({count: shape[0], rows: 1, columns: 1}, perLineOfBlock(shape[0]), 0);
      picture.resize(layout.width, layout.height, THUMBNAIL / Math.max(layout.width, layout.height));
      return {index, name, shape, picture, layout, button: crumb(index, picture.element, newElement("bdi", {}, name))};
    });
    const home = crumb(-1, "← Whole network");
    this.buttons = [home, ...this.layers.map(({button}) => button)];
    this.answer = newElement("p", {class: "inside-answer"});
    const list = newElement("ol", {}, ...this.buttons.map((button) => newElement("li", {}, button)));
    this.element = newElement("nav", {class: "crumbs", "aria-label": "Layers"}, list, this.answer);
    startRovingFocus(list, ".crumb");
  }

  /** @param {import("../../dom/signed-layers.js").LayerScales} scales */
  draw(scales) {
    const {run, names} = this.session;
    for (const {index, name, shape, picture, layout} of this.layers) {
      const {data} = run.activations[name];
      const channel = isPicture(shape) ? strongestPlace({shape, data})[2] : 0;
      picture.paint(isPicture(shape) ? channelOf(data, shape, channel) : data, scales.of(index, channel), layout);
    }
    const {best, isEmpty, probabilities} = predictionOf(this.session);
    const hasAnswer = !isEmpty && best >= 0;
    writeText(this.answer, hasAnswer ? `${names[best]} ${formatProbability(probabilities[best])}` : isEmpty ? "The pad is empty" : "No prediction");
  }

  /** Mark the open layer. */
  mark() {
    for (const {index, button} of this.layers) writeAttributes(button, {"aria-current": index === this.unit.index || null});
    const current = this.buttons[this.unit.index + 1];
    setTabStop(this.buttons, current);
    const list = current.closest("ol");
    list.scrollLeft = Math.max(0, current.offsetLeft - list.offsetLeft - (list.clientWidth - current.offsetWidth) / 2);
  }
}
