import {mostConfusedClasses} from "../../data/confusion-counts.js";
import {readNumbers} from "../../data/typed-arrays.js";
import {makePlot} from "../../dom/chart/plot.js";
import {newElement, newShape, mountLive, writeAttributes, writeText} from "../../dom/element.js";
import {formatPercent} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {startRovingFocus} from "../../dom/roving-focus.js";
import {drawWhenVisible} from "../../dom/scheduling.js";
import {makeTile} from "./gallery-paging.js";
import {isHighlightedClass} from "./linked-highlight.js";

/** Pixels: the widest and the highest map, and the farthest that the pointer may be from a point. */
const [MAP_WIDTH, MAP_HEIGHT, NEAR_POINT] = [680, 350, 24];
/** Pixels of a letter of a name, about. */
const [LETTER_WIDTH, LABEL_HEIGHT] = [11, 19];
const MAP_MARGIN = {top: 22, right: 12, bottom: 26, left: 12};
/** Classes with a colour of their own, those that are confused most often; all others share one. */
const COLOURED_CLASSES = 10;
const MAP_LABEL = "Map of test images. Arrow keys move from point to point, Enter opens the image.";

/** Start the map of test images by two principal components, as `analysis/pca_map.py` places them. */
export async function startPCAMap(session, {highlight}) {
  const {images: {test}, names, payload: {evidence: {pca_map: entry}, metrics}} = session;
  const mount = document.querySelector('[data-live="pca-map"]');
  if (!entry || !mount) return;
  const types = {rows: "uint32", coordinates: "float32", projection: "float32"};
  const [rows, coordinates, projection] = await Promise.all(Object.entries(types).map(([key, type]) => readNumbers(document, entry[key], type)));
  const plot = plotOf(coordinates, Math.min(MAP_WIDTH, mount.parentElement.clientWidth || MAP_WIDTH), entry.explained_variance_ratio);
  const coloured = mostConfusedClasses(metrics.test.confusion, COLOURED_CLASSES);
  const points = Array.from(rows, (row, place) => {
    const isWrong = test.labels[row] !== test.predictions[row];
    return {row, isWrong, kind: coloured.indexOf(test.labels[row]), x: plot.x(coordinates[2 * place]), y: plot.y(coordinates[2 * place + 1])};
  });
  const kinds = coloured.map((label, kind) => ({kind, name: names[label]}));
  if (names.length > coloured.length) kinds.push({kind: -1, name: "other classes"});
  const hidden = new Set();
  const pointer = newShape("circle", {class: "pointed", r: 7});
  const [dots, labels] = drawKinds(points, kinds);
  plot.marks.append(...dots, pointer, ...labels);

  const tile = makeTile(session);
  const told = newElement("p", {class: "visually-hidden", "aria-live": "polite"});
  const choose = (point) => {
    const {row, x, y} = point;
    const [truth, predicted, confidence, trueProbability] = ["labels", "predictions", "confidence", "trueProbability"].map((key) => test[key][row]);
    tile.show({row, place: 0, truth, predicted, probability: confidence, confidence, trueProbability});
    writeAttributes(pointer, {cx: x, cy: y});
    writeText(told, tile.node.title);
  };
  const open = () => session.openImage(tile.node.dataset.name);
  tile.node.addEventListener("click", open);
  const first = points.reduce((best, point) => (point.isWrong > best.isWrong ? point : best));
  choose(first);
  const node = newElement("div", {class: "pca-map", tabindex: "0", role: "application", "aria-roledescription": "scatter plot", "aria-label": MAP_LABEL}, plot.node);
  listenToMap(node, plot.node, {first, choose, open, shownPoints: () => points.filter(({kind}) => !hidden.has(kind))});

  const legend = newKindLegend(kinds, (kind, isOn) => {
    if (isOn) hidden.delete(kind);
    else hidden.add(kind);
    for (const each of plot.marks.querySelectorAll(`[data-kind="${kind}"]`)) each.toggleAttribute("data-off", !isOn);
  }, (kind) => (kind in coloured ? highlight.lightClass(coloured[kind]) : highlight.darken()));
  highlight.subscribe((lit) => {
    node.toggleAttribute("data-lit", lit !== null);
    for (const each of plot.marks.querySelectorAll("[data-kind]")) each.toggleAttribute("data-highlight", isHighlightedClass(lit, coloured[each.dataset.kind]));
  });
  // The page numbers the figures that it shows.
  mount.querySelector(".title").prepend(newElement("span", {class: "number"}, "Figure 0"), " ");
  mountLive("pca-map", legend, newElement("div", {class: "map-and-tile"}, node, tile.node, told));
  followOpenImage(session, node, plot, {layer: entry.layer, projection});
}

/** Create the plot. Both components have one scale: only so are distances in the map those in the plane. */
function plotOf(coordinates, width, ratio) {
  const axes = [0, 1].map((axis) => {
    const values = coordinates.filter((_, place) => place % 2 === axis);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return {middle: (low + high) / 2, extent: high - low || 1, name: `component ${axis + 1}: ${formatPercent(ratio[axis], 1)} of the variance`};
  });
  const {left, right, top, bottom} = MAP_MARGIN;
  const unit = Math.min((width - left - right) / axes[0].extent, (MAP_HEIGHT - top - bottom) / axes[1].extent);
  const height = unit * axes[1].extent + top + bottom;
  const [horizontal, vertical] = axes.map(({middle}, axis) => (
    {ticks: [], place: (value) => 0.5 + ((value - middle) * unit) / (axis ? height - top - bottom : width - left - right)}));
  const plot = makePlot({width, height, label: "Test images by two principal components", margin: MAP_MARGIN, horizontal, vertical});
  plot.node.append(
    newShape("text", {class: "tick", x: width - 6, y: height - 8, "text-anchor": "end"}, `${axes[0].name} →`),
    newShape("text", {class: "tick", x: 6, y: 14}, `↑ ${axes[1].name}`),
  );
  return plot;
}

/**
 * Draw one path of dots for each kind, above them crosses for the errors.
 * @returns {[Element[], Element[]]} these, and the names: in the medians, or below another name that is there
 */
function drawKinds(points, kinds) {
  const path = (shown, mark) => shown.map(({x, y}) => `M${x.toFixed(1)} ${y.toFixed(1)}${mark}`).join("");
  const all = kinds.map(({kind, name}) => {
    const own = points.filter((point) => point.kind === kind);
    const [x, y] = ["x", "y"].map((axis) => own.map((point) => point[axis]).sort((a, b) => a - b)[own.length >> 1]);
    const cross = path(own.filter(({isWrong}) => isWrong), "m-3-3 6 6m0-6-6 6");
    const label = kind >= 0 && own.length > 0 && {kind, name, x, y, reach: (LETTER_WIDTH * name.length) / 2};
    return [
      newShape("path", {class: "points", "data-kind": kind, d: path(own, "h0")}),
      newShape("g", {class: "errors", "data-kind": kind}, newShape("path", {class: "halo", d: cross}), newShape("path", {d: cross})),
      label,
    ];
  });
  const [labels, placed] = [all.map(([, , label]) => label).filter(Boolean).sort((a, b) => a.y - b.y), []];
  for (const label of labels) {
    for (const {x, y, reach} of placed) {
      if (Math.abs(x - label.x) < reach + label.reach) label.y = Math.max(label.y, y + LABEL_HEIGHT);
    }
    placed.push(label);
  }
  const names = labels.map(({kind, name, x, y}) => newShape("text", {class: "class-name", "data-kind": kind, x, y}, name));
  return [[0, 1].flatMap((layer) => all.map((each) => each[layer])), names];
}

/** Choose points by pointer and arrow keys, and open them by click and Enter. */
function listenToMap(node, drawing, {first, choose, open, shownPoints}) {
  let current = first;
  const take = (point) => {
    if (point) choose(current = point);
    return Boolean(point);
  };
  const pointUnder = ({clientX, clientY}) => {
    const {left, top, width} = drawing.getBoundingClientRect();
    const scale = drawing.viewBox.baseVal.width / width;
    return nearestPoint(shownPoints(), {x: (clientX - left) * scale, y: (clientY - top) * scale}, NEAR_POINT * scale);
  };
  node.addEventListener("pointermove", (event) => take(pointUnder(event)));
  node.addEventListener("click", (event) => take(pointUnder(event)) && open());
  node.addEventListener("keydown", (event) => {
    const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(way || event.key === "Enter")) return;
    event.preventDefault();
    if (way) take(nearestPoint(shownPoints(), current, Infinity, way));
    else open();
  });
}

/** Mark where the open image lies, with the weights of the end: no other network made the map. */
function followOpenImage(session, node, {x, y, marks, node: drawing}, {layer, projection}) {
  const title = newShape("text", {y: 4});
  const mark = newShape("g", {class: "open-point"}, newShape("circle", {r: 6}), title);
  marks.append(mark);
  const {width, height} = drawing.viewBox.baseVal;
  const show = () => {
    const data = session.state.epoch === 0 && session.run?.activations[layer]?.data;
    mark.toggleAttribute("data-on", Boolean(data));
    if (!data) return;
    const [across, up] = projected(data, projection);
    const [left, top] = [[x(across), width], [y(up), height]].map(([at, most]) => Math.min(most - 8, Math.max(8, at)).toFixed(1));
    writeAttributes(mark, {transform: `translate(${left} ${top})`, "text-anchor": left > width / 2 ? "end" : "start"});
    writeAttributes(title, {x: left > width / 2 ? -10 : 10});
    writeText(title, imageTitle(session.open));
  };
  session.follow(["run", "open", "epoch"], drawWhenVisible(node, show));
}

/** Create a button for each kind, which shows and hides its points and lights them; all together are one tab stop. */
function newKindLegend(kinds, onToggle, onPoint) {
  const buttons = kinds.map(({kind, name}) => {
    const button = newElement("button", {type: "button", class: "chip", "data-kind": kind, "aria-pressed": "true"}, newElement("span", {class: "swatch"}), {name});
    button.addEventListener("click", () => {
      const isOn = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isOn));
      onToggle(kind, isOn);
    });
    button.addEventListener("pointerenter", () => onPoint(kind));
    button.addEventListener("pointerleave", () => onPoint(-1));
    return button;
  });
  const node = newElement("div", {class: "chips map-legend", role: "group", "aria-label": "Classes on the map"}, ...buttons);
  startRovingFocus(node, "button");
  return node;
}

/**
 * @param {ArrayLike<number>} projection the mean of the activations, then two components
 * @returns {number[]} the coordinates of an image in the map
 */
export function projected(activations, projection) {
  const size = activations.length;
  const along = (start) => activations.reduce((sum, value, unit) => sum + (value - projection[unit]) * projection[start + unit], 0);
  return [along(size), along(2 * size)];
}

/**
 * @param {{x: number, y: number}[]} points
 * @param {number} reach the largest distance
 * @param {number[]} [way] the direction in which it has to lie, rather than aside
 * @returns {{x: number, y: number} | null} the nearest point
 */
export function nearestPoint(points, {x, y}, reach, way) {
  let [best, least] = [null, reach];
  for (const point of points) {
    const [across, down] = [point.x - x, point.y - y];
    const [ahead, aside] = way ? [across * way[0] + down * way[1], Math.abs(across * way[1] + down * way[0])] : [1, 0];
    const distance = Math.hypot(across, down);
    if (distance <= least && ahead > 0 && aside <= ahead) [best, least] = [point, distance];
  }
  return best;
}
