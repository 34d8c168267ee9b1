import {epochTicks, spreadLabels} from "./axis.js";
import {newElement, newShape, writeAttributes} from "../element.js";
import {makePlot} from "./plot.js";

/**
 * Line chart over epochs with labels at the line ends; pointer and arrow keys select an epoch.
 * @typedef {object} Series
 * @property {string} name
 * @property {(number | null)[]} values one for each of the chart's epochs; null where there is none
 * @property {string} className of the style sheet, for its colour and dash
 * @property {"circle" | "square" | "diamond"} marker
 * @property {number} [ring] the place of a value that has a ring
 * @typedef {object} LineChart
 * @property {HTMLElement} node
 * @property {(place: number | null) => void} pointAt one of the epochs, with a thin line
 * @property {(place: number | null) => void} markEpoch one of the epochs, marked as the open epoch
 */

const MARGIN = {top: 26, right: 90, bottom: 30, left: 52};
/** Height of a two-line label. */
const LABEL_GAP = 30;
/** Number of values up to which each gets a marker. */
const MAX_MARKERS = 16;
const MARKERS = {circle: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0", square: "M-3-3h6v6h-6z", diamond: "M0-4 4 0 0 4-4 0z"};

/**
 * @param {number} options.width in pixels of the page, as far as there is room
 * @param {number} options.height
 * @param {string} options.label what a screen reader calls the chart
 * @param {number[]} options.epochs ascending
 * @param {number} options.last the epoch at the right edge
 * @param {import("./axis.js").Axis} options.axis
 * @param {Series[]} options.series
 * @param {(value: number) => string} options.write a value
 * @param {(place: number) => string} options.tell one of the epochs, for a screen reader
 * @param {(place: number | null) => void} options.onPoint called when the reader points at one of the epochs, or at none
 * @param {(place: number) => void} [options.onPick] called when the reader chooses one
 */
export function makeLineChart({width, height, label, epochs, last, axis, series, write, tell, onPoint, onPick}) {
  const most = Math.min(8, Math.max(2, Math.floor((width - MARGIN.left - MARGIN.right) / 34)));
  const ticks = epochs.length <= most ? epochs : epochTicks(last, most);
  const {node: drawing, marks, x, y} = makePlot({
    width, height, label, margin: MARGIN, vertical: axis,
    horizontal: {place: (epoch) => (last > 1 ? (epoch - 1) / (last - 1) : 1), ticks: ticks.map((value) => ({value, text: value}))},
  });
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
  const openMark = newShape("g", {class: "epoch-mark"});
  const pointer = newShape("line", {class: "pointer-mark", y1: MARGIN.top, y2: bottom});
  marks.append(
    newShape("text", {class: "tick", x: width, y: bottom + 17, "text-anchor": "end"}, "epoch"), openMark, pointer,
    ...series.flatMap((each) => drawSeries(each, epochs, {x, y})), ...drawEnds(series, {y, right, bottom, write}),
  );
  drawing.style.maxWidth = `${width}px`;
  const node = newElement("div", {
    class: "line-chart", role: "slider", tabindex: "0", "aria-label": `${label}, by epoch`,
    "aria-valuemin": epochs[0], "aria-valuemax": epochs[epochs.length - 1],
  }, drawing);
  let current = epochs.length - 1;
  const say = (place) => {
    current = place;
    writeAttributes(node, {"aria-valuenow": epochs[place], "aria-valuetext": tell(place)});
  };
  say(current);
  listenToPointer(node, drawing, {places: epochs.map(x), width, onPoint, onPick});
  node.addEventListener("keydown", (event) => {
    const steps = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -epochs.length, End: epochs.length};
    const step = steps[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step === undefined && !(onPick && (event.key === "Enter" || event.key === " "))) return;
    event.preventDefault();
    if (step === undefined) onPick(current);
    else {
      say(Math.min(epochs.length - 1, Math.max(0, current + step)));
      onPoint(current);
    }
  });
  node.addEventListener("blur", () => onPoint(null));
  return {
    node,
    pointAt(place) {
      pointer.toggleAttribute("data-on", place !== null);
      if (place !== null) writeAttributes(pointer, {x1: x(epochs[place]), x2: x(epochs[place])});
    },
    markEpoch(place) {
      openMark.replaceChildren();
      if (place === null) return;
      const at = x(epochs[place]);
      openMark.append(
        newShape("line", {x1: at, x2: at, y1: MARGIN.top, y2: bottom}),
        newShape("path", {d: `M${at - 5} ${MARGIN.top - 10}h10l-5 8z`}),
      );
    },
  };
}

/** Draw a line, interrupted at missing values, with a marker per value. */
function drawSeries({values, className, marker, ring = -1}, epochs, {x, y}) {
  const points = values.map((value, place) => (Number.isFinite(value) ? `${x(epochs[place])} ${y(value).toFixed(1)}` : null));
  const path = points.map((point, place) => point && `${points[place - 1] ? "L" : "M"}${point}`).filter(Boolean).join("");
  const line = newShape("path", {class: `curve ${className}`, d: path});
  const at = (point) => ({transform: `translate(${point})`});
  const rings = points[ring] ? [newShape("circle", {class: "ring", r: 7, ...at(points[ring])})] : [];
  if (values.length > MAX_MARKERS) return [line, ...rings];
  const dot = {class: `dot ${className}`, d: MARKERS[marker]};
  const marks = points.filter(Boolean).map((point) => newShape("path", {...dot, ...at(point)}));
  return [line, ...marks, ...rings];
}

/** Draw the last value and the name of each line at its end. */
function drawEnds(series, {y, right, bottom, write}) {
  const named = series.map((each) => ({...each, last: each.values.findLast((value) => Number.isFinite(value))}));
  const shown = named.filter(({last}) => last !== undefined);
  const heights = spreadLabels(shown.map(({last}) => y(last)), LABEL_GAP, bottom - 16);
  return shown.flatMap(({name, last, className}, place) => [
    newShape("path", {
      class: `leader ${className}`, d: `M${right + 5} ${y(last).toFixed(1)}L${right + 12} ${heights[place] - 3}`,
    }),
    newShape("text", {class: "end", x: right + 15, y: heights[place] + 1}, write(last)),
    newShape("text", {class: "end-name", x: right + 15, y: heights[place] + 14}, name),
  ]);
}

function listenToPointer(node, drawing, {places, width, onPoint, onPick}) {
  const nearest = (event) => {
    const {left, width: shown} = drawing.getBoundingClientRect();
    const at = ((event.clientX - left) / shown) * width;
    return places.reduce((best, place, index) => (Math.abs(place - at) < Math.abs(places[best] - at) ? index : best), 0);
  };
  node.addEventListener("pointermove", (event) => onPoint(nearest(event)));
  node.addEventListener("pointerleave", () => onPoint(null));
  node.addEventListener("click", (event) => onPick?.(nearest(event)));
}
