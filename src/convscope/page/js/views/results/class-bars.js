import {accuracyAxis} from "../../dom/chart/axis.js";
import {newElement, newShape} from "../../dom/element.js";
import {percentText, wholeText} from "../../dom/format.js";
import {isLitClass} from "./linked-highlight.js";

/**
 * Recall with its interval, and precision, class by class, the best recognised on top: the report's figure, as rows that
 * answer.
 *
 * @param {Document} page
 * @param {object} options
 * @param {object[]} options.scores `metrics.test.per_class`
 * @param {number} options.accuracy over all classes
 * @param {import("./linked-highlight.js").Lighting} options.lighting
 * @param {(label: number) => void} options.choose a class
 * @returns {HTMLElement}
 */
export function newClassBars(page, {scores, accuracy, lighting, choose}) {
  const measured = scores.map((score, label) => ({...score, label})).filter(({support}) => support > 0);
  const ranked = measured.sort((a, b) => b.recall - a.recall || a.label - b.label);
  const ends = ranked.flatMap(({recall_interval: [low, high], precision}) => [low, Math.min(high, 0.9999), precision ?? 1]);
  const axis = recallAxis(ends);
  const rows = ranked.map((score) => newClassRow(page, score, {axis, accuracy, choose}));
  lighting.subscribe((lit) => {
    for (const row of rows) row.toggleAttribute("data-lit", isLitClass(lit, Number(row.dataset.label)));
  });
  const list = newElement(page, "ol", {className: "class-bars"}, ...rows);
  const light = ({target}) => {
    const row = target.closest("li");
    if (row) lighting.lightClass(Number(row.dataset.label));
  };
  list.addEventListener("pointerover", light);
  list.addEventListener("focusin", light);
  list.addEventListener("pointerleave", lighting.darken);
  list.addEventListener("focusout", lighting.darken);
  return newElement(page, "div", {}, newBarKey(page, accuracy), list, newBarAxis(page, axis));
}

/** Even from a little under the least to 100%: intervals are compared by their lengths. */
function recallAxis(ends) {
  const low = Math.min(...ends);
  const bottom = Math.max(0, low - 0.04 * (1 - low || 0.1));
  const {ticks} = accuracyAxis([bottom, 1]);
  return {place: (value) => (value - bottom) / (1 - bottom), ticks: ticks.filter(({value}) => value >= bottom)};
}

function newClassRow(page, score, {axis, accuracy, choose}) {
  const {label, class_name: name, recall, recall_interval: [low, high], precision, precision_interval: bounds, support} = score;
  const at = (value) => `${(100 * axis.place(value)).toFixed(2)}%`;
  const diamond = newShape(page, "path", {className: "precision", d: "M0-5 5 0 0 5-5 0z"});
  const track = newShape(
    page, "svg", {className: "track", "aria-hidden": "true", height: 20},
    newShape(page, "line", {className: "all", x1: at(accuracy), x2: at(accuracy), y1: 0, y2: 20}),
    newShape(page, "line", {className: "interval", x1: at(low), x2: at(high), y1: 10, y2: 10}),
    precision !== null && newShape(page, "svg", {x: at(precision), y: 10, overflow: "visible"}, diamond),
    newShape(page, "circle", {className: "recall", cx: at(recall), cy: 10, r: 4}),
  );
  const button = newElement(page, "button", {type: "button", title: `Images of ${name}`}, {name});
  button.addEventListener("click", () => choose(label));
  const interval = `${percentText(low)} to ${percentText(high)}`;
  // Runs of earlier versions have none.
  const between = bounds ? `, ${percentText(bounds[0])} to ${percentText(bounds[1])}` : "";
  const said = `recall ${percentText(recall)}, ${interval}, precision ${percentText(precision)}${between}, ${wholeText(support)} images`;
  return newElement(
    page, "li", {"data-label": label}, button, track,
    newElement(page, "span", {className: "n", "aria-hidden": "true"}, percentText(recall)),
    newElement(page, "span", {className: "unseen"}, said),
  );
}

function newBarKey(page, accuracy) {
  const sign = {className: "sign", viewBox: "0 0 28 12", "aria-hidden": "true"};
  const entry = (text, ...shapes) => newElement(page, "span", {}, newShape(page, "svg", sign, ...shapes), text);
  const interval = newShape(page, "line", {className: "interval", x1: 0, x2: 28, y1: 6, y2: 6});
  const recall = newShape(page, "circle", {className: "recall", cx: 14, cy: 6, r: 4});
  const precision = newShape(page, "path", {className: "precision", d: "M14 1 19 6 14 11 9 6z"});
  const all = newShape(page, "line", {className: "all", x1: 14, x2: 14, y1: 0, y2: 12});
  return newElement(
    page, "p", {className: "key"}, entry("recall, 95% interval", interval, recall), entry("precision", precision),
    entry(`all classes ${percentText(accuracy)}`, all),
  );
}

function newBarAxis(page, axis) {
  const ticks = axis.ticks.map(({value, text}) => {
    const x = `${(100 * axis.place(value)).toFixed(2)}%`;
    return newShape(page, "text", {x, y: 14, "text-anchor": value === 1 ? "end" : "middle"}, text);
  });
  const track = newShape(page, "svg", {className: "track", height: 20}, ...ticks);
  return newElement(page, "div", {className: "bar-axis", "aria-hidden": "true"}, track);
}
