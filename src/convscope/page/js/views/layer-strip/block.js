import {newElement} from "../../dom/element.js";
import {paintInputs} from "../../dom/picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {rangesOfLayers} from "../../dom/signed-layers.js";
import {tileCorner} from "../../dom/tiles.js";
import {paint} from "../../image/color/paint.js";
import {formatNumber, scaleRanges} from "../../image/color/range.js";
import {strongestPlace} from "../../network/shape.js";
import {PRODUCTS, placeInBlock} from "./layout.js";

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
  const {count, layer: {shape}} = block;
  const channels = shape.length === 3 ? `${count} maps of ${shape[0]} by ${shape[1]}` : `${count} units`;
  const label = `${name}: ${channels}. Open in the inspector.`;
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

/**
 * Paint one block: every channel, enlarged with hard pixels.
 *
 * The values become a strip of small pictures, of which each is drawn in its place: two copies in all, however large the
 * tiles.
 * @typedef {import("../../image/color/paint.js").ColorScale} ColorScale
 * @param {HTMLCanvasElement} canvas
 * @param {import("./layout.js").StripBlock} block
 * @param {number} density device pixels for one of the page's
 */
function makePainter(canvas, block, density) {
  const {layer, count, rows: tileHeight, columns: tileWidth, scale, height, width} = block;
  const [rows, columns] = layer.shape.length === 3 ? layer.shape : [1, 1];
  const strip = document.createElement("canvas");
  [strip.width, strip.height] = [columns, rows * count];
  const stripContext = strip.getContext("2d", {willReadFrequently: true});
  const picture = stripContext.createImageData(columns, rows * count);
  [canvas.width, canvas.height] = [Math.round(width * density), Math.round(height * density)];
  [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
  const context = canvas.getContext("2d");
  return {paintMaps, paintInput, mark, dim, frame};

  /** @param {Float32Array} data @param {(channel: number) => ColorScale} scaleOf */
  function paintMaps(data, scaleOf) {
    const size = rows * columns;
    for (let channel = 0; channel < count; channel++) {
      const target = picture.data.subarray(4 * size * channel, 4 * size * (channel + 1));
      paint(data, scaleOf(channel), target, {start: channel, step: count, count: size});
    }
    stripContext.putImageData(picture, 0, 0);
    drawTiles();
  }

  /** The input: as a picture, of ink where it is ink. */
  function paintInput(session) {
    paintInputs(strip, session, session.open.pixels);
    drawTiles();
  }

  function drawTiles() {
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = scale < 1;
    for (let tile = 0; tile < count; tile++) {
      const {left, top} = tileCorner(block, tile);
      context.drawImage(strip, 0, tile * rows, columns, rows, left, top, tileWidth, tileHeight);
    }
  }

  /** A frame around a tile, over what was painted. */
  function mark(tile, color) {
    const {left, top} = tileCorner(block, tile);
    outline(left - 1, top - 1, tileWidth + 2, tileHeight + 2, color);
  }

  /** A frame around units of the only tile. @param {import("../../network/receptive-field.js").Box} box both ends included */
  function frame({top, left, bottom, right}, color) {
    if (bottom >= top) outline(left * scale, top * scale, (right - left + 1) * scale, (bottom - top + 1) * scale, color);
  }

  function outline(left, top, across, down, color) {
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.strokeRect(left, top, across, down);
  }

  /** Leave a third of every tile that takes no part. @param {(tile: number) => boolean} isLit @param {string} ground */
  function dim(isLit, ground) {
    context.globalAlpha = 2 / 3;
    context.fillStyle = ground;
    for (let tile = 0; tile < count; tile++) {
      const {left, top} = tileCorner(block, tile);
      if (!isLit(tile)) context.fillRect(left, top, tileWidth, tileHeight);
    }
    context.globalAlpha = 1;
  }
}

/** @returns {{shape: number[], data: Float32Array}} activations; or weight × pixel, for each pixel and class */
export function stripNumbers({network, open, run}, {name, kind, shape}) {
  if (kind !== PRODUCTS) return run.activations[name];
  const {kernel} = network.layers[network.layers.length - 1].weights;
  const classes = shape[2];
  return {shape, data: kernel.map((weight, place) => weight * open.pixels[Math.floor(place / classes)])};
}

/**
 * Return the colour range of each layer, the same as in the inspector, so that a colour means the same value.
 * @param {boolean[]} signed
 * @returns {Record<string, import("../../image/color/paint.js").ValueRange[]>}
 */
export function stripRanges(session, layers, signed, mode) {
  if (layers[1]?.kind !== PRODUCTS) return rangesOfLayers(session.network, session.run, signed, mode);
  return scaleRanges({[layers[1].name]: stripNumbers(session, layers[1])}, mode, {signed: true});
}
