import {newElement, writeAttributes} from "../../dom/element.js";
import {placeUnder, tileCorner} from "../../dom/tiles.js";
import {formatNumber} from "../../image/color/range.js";
import {offsetOf} from "../../network/shape.js";
import {placeAfter, placeInWords} from "./selected-unit.js";

/** Milliseconds of rest before a screen reader hears the current unit. */
const SAID_AFTER = 250;

/**
 * The open unit as the one cell of a grid over the picture of its channel.
 *
 * It has the focus, arrow keys move it, and screen readers hear its position and value.
 */
export class UnitGrid {
  /**
   * @param {import("../../dom/pixel-picture.js").PixelPicture} picture of the channel
   * @param {(place: number[] | null) => void} point is told the unit under the pointer
   */
  constructor(unit, picture, point) {
    Object.assign(this, {unit, picture});
    this.cell = newElement("div", {role: "gridcell", class: "unit-cell", tabindex: "0", keydown: (event) => this.walk(event)});
    this.said = newElement("p", {class: "visually-hidden", role: "status"});
    this.waiting = 0;
    picture.element.setAttribute("role", "grid");
    picture.element.append(newElement("div", {role: "row", class: "unit-line"}, this.cell));
    picture.element.after(this.said);
    this.layout = null;
    picture.canvas.addEventListener("pointermove", (event) => point(this.placeAt(event)));
    picture.canvas.addEventListener("pointerleave", () => point(null));
    picture.canvas.addEventListener("click", (event) => {
      const place = this.placeAt(event);
      if (!place) return;
      point(null);
      unit.choose(unit.open.index, place);
      this.cell.focus({preventScroll: true});
    });
  }

  /** @param {import("../../dom/tiles.js").TileLayout} layout of the picture */
  show({index, place}, layout) {
    this.layout = layout;
    const {name, outputShape: shape} = this.unit.session.network.layers[index];
    const {data} = this.unit.session.run.activations[name];
    const isPicture = shape.length === 3;
    const {left, top} = isPicture ? {left: place[1], top: place[0]} : tileCorner(layout, place[0]);
    const {scale, element} = this.picture;
    Object.assign(this.cell.style, {
      width: `${scale}px`, height: `${scale}px`, transform: `translate(${left * scale}px, ${top * scale}px)`,
    });
    const words = `${placeInWords(place, shape)}: ${formatNumber(data[offsetOf(shape, place)], 4)}`;
    writeAttributes(element, {"aria-label": `Units of ${name}`, "aria-rowcount": layout.height, "aria-colcount": layout.width});
    writeAttributes(this.cell, {"aria-label": words, "aria-colindex": left + 1});
    writeAttributes(this.cell.parentElement, {"aria-rowindex": top + 1});
    this.words = words;
  }

  walk(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const {index, place} = this.unit.open;
    const next = placeAfter(this.unit.session.network.layers[index].outputShape, place, event.key, this.layout?.perLine);
    if (!next) return;
    this.unit.choose(index, next);
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => { this.said.textContent = this.words; }, SAID_AFTER);
  }

  /** Return the position of a unit: within one channel, or in lines for flat layers. */
  placeAt(event) {
    const {x, y} = this.picture.unitsAt(event);
    const {place} = this.unit.open;
    const under = this.layout && placeUnder(this.layout, x, y);
    if (!under) return null;
    return place.length === 3 ? [under.row, under.column, place[2]] : [under.tile];
  }
}
