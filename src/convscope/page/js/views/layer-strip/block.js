import {newElement, newShape} from "../../dom/element.js";
import {paint} from "../../image/color/paint.js";
import {formatNumber} from "../../image/color/range.js";
import {PRODUCTS, placeInBlock} from "./layout.js";
import {makePainter} from "./paint.js";

/** One block of the layer strip: name, shape, feature maps and legend. */

/**
 * @param {import("./layout.js").StripBlock} block
 * @param {boolean} isInk whether images are bright strokes on nothing
 */
export function makeBlock(page, session, block, isInk) {
  const {name, kind} = block.layer;
  const isInput = kind === "Input";
  const canvas = newElement(page, "canvas", {class: isInput && isInk ? "maps inked" : "maps", "aria-hidden": "true"});
  const painter = makePainter(page, canvas, block, Math.max(1, Math.round(devicePixelRatio)));
  const legend = makeLegend(page);
  if (isInput) legend.node.replaceChildren();
  const label = `${name}: ${channelsInWords(block)}. Open in the inspector.`;
  const face = isInput
    ? newElement(page, "span", {class: "layer-face"}, canvas)
    : newElement(page, "button", {type: "button", class: "layer-face", "aria-label": label}, canvas);
  if (!isInput) face.addEventListener("click", (event) => openInInspector(page, session, block, canvas, event));
  const item = newElement(page, "li", {class: "layer"}, makeLabel(page, block.layer), legend.node, face);
  return {item, block, canvas, face, painter, showRange: legend.show};
}

/**
 * Draw the connectors from the edge of each block to the next.
 *
 * @param {HTMLElement} place below the whole strip
 * @param {HTMLElement[]} faces
 */
export function drawConnectors(page, place, faces) {
  const ground = place.getBoundingClientRect();
  const edges = faces.map((face) => face.getBoundingClientRect());
  const connectors = newShape(page, "svg", {width: ground.width, height: ground.height, "aria-hidden": "true"});
  edges.slice(1).forEach((to, before) => {
    const from = edges[before];
    const corners = [[from.right, from.top], [to.left, to.top], [to.left, to.bottom], [from.right, from.bottom]];
    const points = corners.map(([x, y]) => `${x - ground.left},${y - ground.top}`).join(" ");
    connectors.append(newShape(page, "polygon", {points}));
  });
  place.replaceChildren(connectors);
}

function makeLabel(page, {name, kind, shape, passes}) {
  const line = (className, ...content) => newElement(page, "span", {class: className}, ...content);
  const lines = [line("layer-name", ...brokenName(page, name || "input")), line("layer-shape", shape.join("×"))];
  if (kind === PRODUCTS) lines.push(line("layer-passes", "weight × pixel"));
  else if (passes.length) lines.push(line("layer-passes", `via ${passes.join(", ")}`));
  return line("layer-label", ...lines);
}

function channelsInWords({count, layer}) {
  return layer.shape.length === 3 ? `${count} maps of ${layer.shape[0]} by ${layer.shape[1]}` : `${count} units`;
}

/** Open the inspector at the clicked channel or, from the keyboard, at the layer. */
function openInInspector(page, session, block, canvas, event) {
  const {left, top} = canvas.getBoundingClientRect();
  const place = event.detail ? placeInBlock(block, event.clientX - left, event.clientY - top) : null;
  const isUnit = place && block.layer.kind !== PRODUCTS;
  session.set({layer: block.layer.name, unit: isUnit ? unitName(block, place) : ""});
  page.getElementById("inside")?.scrollIntoView();
}

function unitName({layer}, {tile, row, column}) {
  return layer.shape.length === 3 ? `${row}.${column}.${tile}` : String(tile);
}

/** Return a name that may break after an underscore, but not before a layer's number. */
function brokenName(page, name) {
  return name.split(/(?<=_)(?!\d)/).flatMap((part, place) => (place ? [newElement(page, "wbr"), part] : [part]));
}

const LEGEND_STEPS = 64;

/**
 * Create the legend of a layer or of one map: numbers, or words where each map has its own scale.
 *
 * @typedef {import("../../image/color/paint.js").ValueRange} ValueRange
 *
 * @param {Document} page
 * @returns {{node: HTMLElement, show: (range: ValueRange | null, table: Uint8Array) => void}}
 */
export function makeLegend(page) {
  const [low, high] = [newElement(page, "span"), newElement(page, "span")];
  const bar = newElement(page, "canvas", {class: "legend-bar", width: LEGEND_STEPS, height: 1, "aria-hidden": "true"});
  const context = bar.getContext("2d");
  const ends = newElement(page, "span", {class: "legend-ends"}, low, high);
  let painted = null;
  return {
    node: newElement(page, "span", {class: "layer-legend"}, bar, ends),
    show(range, table) {
      if (painted !== table) {
        painted = table;
        const picture = context.createImageData(LEGEND_STEPS, 1);
        const steps = Array.from({length: LEGEND_STEPS}, (_, step) => step);
        paint(steps, {minimum: 0, maximum: LEGEND_STEPS - 1, table}, picture.data);
        context.putImageData(picture, 0, 0);
      }
      const texts = range ? [range.minimum, range.maximum].map((value) => formatNumber(value, 2)) : ["least", "most"];
      if (low.textContent !== texts[0]) low.textContent = texts[0];
      if (high.textContent !== texts[1]) high.textContent = texts[1];
    },
  };
}
