import {accuracyAxis} from "../../dom/chart/axis.js";
import {newElement, newShape} from "../../dom/element.js";
import {formatPercent, formatWhole} from "../../dom/format.js";
import {isHighlightedClass} from "./linked-highlight.js";

/**
 * Create rows with recall, its interval and precision by class, the best recall first.
 *
 * @param {object} options
 * @param {object[]} options.scores `metrics.test.per_class`
 * @param {number} options.accuracy over all classes
 * @param {import("./linked-highlight.js").Lighting} options.lighting
 * @param {(label: number) => void} options.choose a class
 * @returns {HTMLElement}
 */
export function newClassBars(page, {scores, accuracy, highlight, choose}) {
  const measured = scores.map((score, label) => ({...score, label})).filter(({support}) => support > 0);
  const ranked = measured.sort((a, b) => b.recall - a.recall || a.label - b.label);
  const ends = ranked.flatMap(({recall_interval: [low, high], precision}) => [low, Math.min(high, 0.9999), precision ?? 1]);
  const axis = recallAxis(ends);
  const rows = ranked.map((score) => newClassRow(page, score, {axis, accuracy, choose}));
  highlight.subscribe((lit) => {
    for (const row of rows) row.toggleAttribute("data-highlight", isHighlightedClass(lit, Number(row.dataset.label)));
  });
  const list = newElement(page, "ol", {class: "class-bars"}, ...rows);
  const light = ({target}) => {
    const row = target.closest("li");
    if (row) highlight.lightClass(Number(row.dataset.label));
  };
  list.addEventListener("pointerover", light);
  list.addEventListener("focusin", light);
  list.addEventListener("pointerleave", highlight.darken);
  list.addEventListener("focusout", highlight.darken);
  return newElement(page, "div", {}, newBarKey(page, accuracy), list, newBarAxis(page, axis));
}

/** Return a linear axis from just below the minimum to 100%, because intervals are compared by length. */
function recallAxis(ends) {
  const low = Math.min(...ends);
  const bottom = Math.max(0, low - 0.04 * (1 - low || 0.1));
  const {ticks} = accuracyAxis([bottom, 1]);
  return {place: (value) => (value - bottom) / (1 - bottom), ticks: ticks.filter(({value}) => value >= bottom)};
}

function newClassRow(page, score, {axis, accuracy, choose}) {
  const {label, class_name: name, recall, recall_interval: [low, high], precision, precision_interval: bounds, support} = score;
  const at = (value) => `${(100 * axis.place(value)).toFixed(2)}%`;
  const diamond = newShape(page, "path", {class: "precision", d: "M0-5 5 0 0 5-5 0z"});
  const track = newShape(
    page, "svg", {class: "track", "aria-hidden": "true", height: 20},
    newShape(page, "line", {class: "all", x1: at(accuracy), x2: at(accuracy), y1: 0, y2: 20}),
    newShape(page, "line", {class: "interval", x1: at(low), x2: at(high), y1: 10, y2: 10}),
    precision !== null && newShape(page, "svg", {x: at(precision), y: 10, overflow: "visible"}, diamond),
    newShape(page, "circle", {class: "recall", cx: at(recall), cy: 10, r: 4}),
  );
  const button = newElement(page, "button", {type: "button", title: `Images of ${name}`}, {name});
  button.addEventListener("click", () => choose(label));
  const interval = `${formatPercent(low)} to ${formatPercent(high)}`;
  // Runs of earlier versions have none.
  const between = bounds ? `, ${formatPercent(bounds[0])} to ${formatPercent(bounds[1])}` : "";
  const said = `recall ${formatPercent(recall)}, ${interval}, precision ${formatPercent(precision)}${between}, ${formatWhole(support)} images`;
  return newElement(
    page, "li", {"data-label": label}, button, track,
    newElement(page, "span", {class: "n", "aria-hidden": "true"}, formatPercent(recall)),
    newElement(page, "span", {class: "visually-hidden"}, said),
  );
}

function newBarKey(page, accuracy) {
  const sign = {class: "sign", viewBox: "0 0 28 12", "aria-hidden": "true"};
  const entry = (text, ...shapes) => newElement(page, "span", {}, newShape(page, "svg", sign, ...shapes), text);
  const interval = newShape(page, "line", {class: "interval", x1: 0, x2: 28, y1: 6, y2: 6});
  const recall = newShape(page, "circle", {class: "recall", cx: 14, cy: 6, r: 4});
  const precision = newShape(page, "path", {class: "precision", d: "M14 1 19 6 14 11 9 6z"});
  const all = newShape(page, "line", {class: "all", x1: 14, x2: 14, y1: 0, y2: 12});
  return newElement(
    page, "p", {class: "key"}, entry("recall, 95% interval", interval, recall), entry("precision", precision),
    entry(`all classes ${formatPercent(accuracy)}`, all),
  );
}

function newBarAxis(page, axis) {
  const ticks = axis.ticks.map(({value, text}) => {
    const x = `${(100 * axis.place(value)).toFixed(2)}%`;
    return newShape(page, "text", {x, y: 14, "text-anchor": value === 1 ? "end" : "middle"}, text);
  });
  const track = newShape(page, "svg", {class: "track", height: 20}, ...ticks);
  return newElement(page, "div", {class: "bar-axis", "aria-hidden": "true"}, track);
}
