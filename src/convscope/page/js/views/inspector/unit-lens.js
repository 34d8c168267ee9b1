import {newElement, writeText} from "../../dom/element.js";
import {frameOfBox} from "../../dom/overlay.js";
import {PixelPicture, paintImage} from "../../dom/pixel-picture.js";
import {themeColors} from "../../dom/theme-colors.js";
import {formatNumber} from "../../image/color/range.js";
import {offsetOf} from "../../network/shape.js";
import {patchInWords, unitReceptiveField} from "../../network/unit-receptive-field.js";
import {placeInWords} from "./selected-unit.js";

/** Maximum screen pixels of the small image. */
const UNIT_LENS_SIDE = 72;

/**
 * Show a small card at the bottom of the grid for the unit under pointer or focus: its value and its receptive field.
 *
 * @param {import("./selected-unit.js").OpenUnit} unit
 */
export function startUnitLens(page, session, unit) {
  const networkGrid = page.querySelector("#network-grid");
  const element = page.querySelector("#unit-lens");
  const picture = new PixelPicture(page, {"aria-hidden": "true"});
  const [name, value, sees] = [newElement(page, "p"), newElement(page, "p", {class: "lens-value"}), newElement(page, "p", {class: "quiet"})];
  element.append(picture.element, newElement(page, "div", {}, name, value, sees));
  const shape = session.network.inputShape;
  picture.resize(shape[1], shape[0], Math.max(1, Math.floor(UNIT_LENS_SIDE / Math.max(shape[0], shape[1]))));

  const show = () => {
    const isWanted = unit.pointed !== null || networkGrid.querySelector(":focus-visible") !== null;
    element.hidden = !isWanted || !unit.shown;
    if (element.hidden) return;
    paintImage(session.open.pixels, shape, themeColors(page, session).isTurned, picture.bytes);
    picture.show();
    const told = lensWords(session, unit.shown);
    picture.mark([{kind: "field", frame: frameOfBox(told.box)}]);
    writeText(name, told.name);
    writeText(value, formatNumber(told.value, 4));
    writeText(sees, told.sees);
  };
  unit.subscribe(show);
  networkGrid.addEventListener("focusin", show);
  networkGrid.addEventListener("focusout", () => setTimeout(show));
  session.subscribe((_, changed) => changed.has("run") && !element.hidden && show());
}

/** @param {import("./selected-unit.js").Unit} unit */
function lensWords({network, run, open}, {index, place}) {
  if (index < 0) {
    const [row, column, channel] = place;
    const box = {top: row, bottom: row, left: column, right: column};
    const which = network.inputShape[2] > 1 ? `, channel ${channel}` : "";
    const value = open.pixels[offsetOf(network.inputShape, place)];
    return {name: `The image${which}, row ${row}, column ${column}`, value, sees: `Level ${Math.round(value * 255)} of 255.`, box};
  }
  const layer = network.layers[index];
  const {shape, data} = run.activations[layer.name];
  const {image} = unitReceptiveField(network, index, place);
  return {
    name: `${layer.name}, ${placeInWords(place, shape)}`,
    value: data[offsetOf(shape, place)],
    sees: `Receptive field: ${patchInWords(image, network.inputShape)}.`,
    box: image,
  };
}
