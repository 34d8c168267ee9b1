import {startColorScaleSelect} from "../../dom/color-scale-select.js";
import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement} from "../../dom/element.js";
import {rangesOfLayers, signedLayers} from "../../dom/signed-layers.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {wholeScale} from "../../dom/tiles.js";
import {unusedPixels} from "../../network/receptive-field.js";
import {unitReceptiveField} from "../../network/unit-receptive-field.js";
import {PredictionRow, ImageRow, GridRow} from "./network-grid-rows.js";
import {placeAfter} from "./selected-unit.js";

/**
 * The whole network for the open image: every channel of every layer, to scale.
 *
 * @typedef {import("../../state/session.js").Session} Session
 * @typedef {import("./selected-unit.js").OpenUnit} OpenUnit
 */

/** Screen pixels: height of a layer's name, spare height, maximum size of a unit. */
const NAME_HEIGHT = 64;
const SPARE_HEIGHT = 300;
const MAX_UNIT_SIDE = 6;

/**
 * @param {OpenUnit} unit
 * @param {() => void} goToUnit takes the reader to the unit's arithmetic
 */
export function startNetworkGrid(page, session, unit, goToUnit) {
  const element = page.querySelector("#network-grid");
  const {network} = session;
  const signed = signedLayers(network);
  const image = new ImageRow(page, {shape: network.inputShape, words: shapeWords(network.inputShape)});
  const last = network.layers[network.layers.length - 1];
  const rows = unit.computed.map((layer, index) => new GridRow(page, {
    index, name: layer.name, words: layerWords(layer), shape: layer.outputShape, isSigned: signed[index],
  }));
  const answer = session.run.probabilities && last.outputShape.length === 1 ? new PredictionRow(page, session) : null;
  element.append(image.element, ...rows.map((row) => row.element), ...(answer ? [answer.element] : []));
  const unused = unusedPixels(network);
  const networkGrid = {element, image, rows, answer, signed, unused, ranges: {}, room: 0, colors: null, isMarked: false};

  layOutGrid(networkGrid); // before it is visible, so that the page below does not jump
  const redraw = drawWhenVisible(element, () => paintGrid(page, session, unit, networkGrid));
  session.subscribe((_, changed) => (changed.has("run") || changed.has("scale")) && redraw());
  onThemeChange(session, redraw);
  unit.subscribe(() => markGrid(session, unit, networkGrid));
  new ResizeObserver(() => { if (layOutGrid(networkGrid)) redraw(); }).observe(element);
  startPointing(networkGrid, unit, goToUnit);
  startWalkingRows(networkGrid, session, unit, goToUnit);
  startColorScaleSelect(page, session, "network-grid-scale");
  redraw();
}

/** Return the kind of a layer, unless its name says it, and its shape. */
function layerWords({name, kind, outputShape}) {
  const isNamed = name.replace(/_\d+$/, "").replaceAll("_", "") === kind.toLowerCase();
  return `${isNamed ? "" : `${kind}, `}${shapeWords(outputShape)}`;
}

/** Return a shape as in the rest of the page, "26 × 26 × 16". */
function shapeWords(shape) {
  return shape.length === 1 ? `${shape[0]} units` : shape.join(" × ");
}

/** @returns {boolean} whether there is another room than before */
function layOutGrid(networkGrid) {
  const room = Math.floor(networkGrid.rows[0]?.cell.clientWidth ?? networkGrid.element.clientWidth);
  if (!room || room === networkGrid.room) return false;
  networkGrid.room = room;
  const all = [networkGrid.image, ...networkGrid.rows];
  const widest = Math.max(...all.map(({isPicture, shape}) => (isPicture ? shape[1] : 1)));
  const heightAt = (scale) => all.reduce((sum, row) => {
    const {layout, unit} = row.plan(room, scale);
    return sum + Math.max(NAME_HEIGHT, layout.height * unit);
  }, 0);
  const most = NAME_HEIGHT * all.length + SPARE_HEIGHT;
  const scale = wholeScale(heightAt, most, Math.max(1, Math.min(MAX_UNIT_SIDE, Math.floor(room / widest))));
  for (const row of all) row.layOut(room, scale);
  networkGrid.isMarked = false;
  return true;
}

function paintGrid(page, session, unit, networkGrid) {
  if (!networkGrid.room) return;
  const {network, run, open, state: {scale}} = session;
  const colors = themeColors(page, session);
  networkGrid.ranges = rangesOfLayers(network, run, networkGrid.signed, scale);
  networkGrid.image.paintPixels(open.pixels, colors.isTurned);
  for (const row of networkGrid.rows) {
    row.paint(run.activations[row.name].data, networkGrid.ranges[row.name], row.isSigned ? colors.signed : colors.unsigned, scale);
  }
  networkGrid.answer?.show(run.probabilities);
  describeRow(unit, networkGrid);
  if (networkGrid.colors?.muted === colors.muted && networkGrid.isMarked) return; // marks have their own canvas
  networkGrid.colors = colors;
  markGrid(session, unit, networkGrid);
}

/** Outline the open unit, or the one under the pointer, and its receptive field. */
function markGrid(session, unit, networkGrid) {
  const {shown} = unit;
  if (!shown || !networkGrid.colors) return;
  networkGrid.isMarked = true;
  const unusedMarks = networkGrid.image.marksOfUnused(networkGrid.unused, networkGrid.colors.muted);
  const isPixel = shown.index < 0;
  const field = isPixel ? null : unitReceptiveField(session.network, shown.index, shown.place);
  networkGrid.image.picture.mark([...unusedMarks, ...(isPixel ? networkGrid.image.marksOfUnit(shown.place) : networkGrid.image.marksOfWindow(field.image))]);
  networkGrid.rows.forEach((row) => {
    if (row.index === shown.index) row.picture.mark(row.marksOfUnit(shown.place));
    else if (field?.before && row.index === shown.index - 1) row.picture.mark(row.marksOfWindow(field.before, field.channel));
    else row.picture.mark([]);
    const isOpen = row.index === unit.open.index;
    row.element.classList.toggle("is-open", isOpen);
    row.cell.tabIndex = isOpen ? 0 : -1;
  });
  describeRow(unit, networkGrid);
}

/** Describe the open channel of the open layer for screen readers. */
function describeRow({open: {index, place}}, {rows, ranges}) {
  rows[index].describe(place[place.length - 1], ranges[rows[index].name]);
}

function startPointing({image, rows}, unit, goToUnit) {
  for (const row of [image, ...rows]) {
    row.cell.addEventListener("pointermove", (event) => {
      const place = row.placeAt(event);
      unit.point(place && {index: row.index, place});
    });
    row.cell.addEventListener("pointerleave", () => unit.point(null));
    row.cell.addEventListener("click", (event) => {
      const place = row.placeAt(event);
      if (!place || row.index < 0) return;
      unit.choose(row.index, place);
      goToUnit();
    });
  }
}

/** Start the keys: up and down change the layer, left and right the channel, Enter opens it. */
function startWalkingRows({element, rows}, session, unit, goToUnit) {
  element.addEventListener("keydown", (event) => {
    const row = rows.find(({cell}) => cell === event.target);
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") goToUnit(true);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = rows[row.index + (event.key === "ArrowUp" ? -1 : 1)];
      if (!next) return;
      unit.chooseLayer(next.index);
      next.cell.focus();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const key = row.isPicture ? (event.key === "ArrowLeft" ? "PageUp" : "PageDown") : event.key;
      unit.choose(row.index, placeAfter(row.shape, unit.open.place, key));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
