import {newElement} from "../../dom/element.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {formatNumber} from "../../image/color/range.js";
import {strongestPlace} from "../../network/shape.js";
import {PRODUCTS, placeInBlock} from "./layout.js";
import {makePainter} from "./paint.js";

/** One block of the layer strip: name, shape, feature maps and legend. */

/** @param {number} value @returns {string} short enough for the legend of a narrow block */
export const shortNumber = (value) => formatNumber(value, 2);

/** @param {import("./layout.js").StripBlock} block */
export function makeBlock(session, block) {
  const {name, kind} = block.layer;
  const isInput = kind === "Input";
  const canvas = newElement("canvas", {class: isInput && session.isInk ? "maps inked" : "maps", "aria-hidden": "true"});
  const painter = makePainter(canvas, block, Math.max(1, Math.round(devicePixelRatio)));
  const legend = new ScaleLegend();
  if (isInput) legend.element.replaceChildren();
  const label = `${name}: ${channelsInWords(block)}. Open in the inspector.`;
  const face = isInput
    ? newElement("span", {class: "layer-face"}, canvas)
    : newElement("button", {type: "button", class: "layer-face", "data-layer": name, "aria-label": label}, canvas);
  if (!isInput) face.addEventListener("click", (event) => openInInspector(session, block, canvas, event));
  const item = newElement("li", {class: "layer"}, makeLabel(block.layer), legend.element, face);
  return {item, block, canvas, face, painter, legend};
}

function makeLabel({name, kind, shape, passes}) {
  const line = (className, ...content) => newElement("span", {class: className}, ...content);
  const lines = [line("layer-name", ...brokenName(name || "input")), line("layer-shape", shape.join("×"))];
  if (kind === PRODUCTS) lines.push(line("layer-passes", "weight × pixel"));
  else if (passes.length) lines.push(line("layer-passes", `via ${passes.join(", ")}`));
  return line("layer-label", ...lines);
}

function channelsInWords({count, layer}) {
  return layer.shape.length === 3 ? `${count} maps of ${layer.shape[0]} by ${layer.shape[1]}` : `${count} units`;
}

/** Open the layer in place of the strip, at the strongest unit of the clicked channel; from the keyboard, at its channels. */
function openInInspector(session, block, canvas, event) {
  const {layer} = block;
  const {left, top} = canvas.getBoundingClientRect();
  const place = event.detail ? placeInBlock(block, event.clientX - left, event.clientY - top) : null;
  const isUnit = place && layer.kind !== PRODUCTS;
  session.set({layer: layer.name, unit: isUnit ? strongestPlace(session.run.activations[layer.name], place.tile).join(".") : ""});
}

/** Return a name that may break after an underscore, but not before a layer's number. */
function brokenName(name) {
  return name.split(/(?<=_)(?!\d)/).flatMap((part, place) => (place ? [newElement("wbr"), part] : [part]));
}
