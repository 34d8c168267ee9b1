import {accuracyAxis} from "../../dom/chart/axis.js";
import {makePlot} from "../../dom/chart/plot.js";
import {newElement, newShape, writeAttributes} from "../../dom/element.js";
import {formatCount, formatPercent} from "../../dom/format.js";
import {startRovingFocus} from "../../dom/roving-focus.js";
import {niceTicks} from "../../image/color/range.js";
import {BINS, selectiveAccuracy} from "./selective-prediction.js";

/**
 * The coverage curve and the reliability diagram of the open threshold.
 * @typedef {{node: Element, show: (step: number) => void, release?: () => void}} ThresholdPlot `release`: no bin is open
 */

const [PLOT_WIDTH, PLOT_HEIGHT] = [440, 230];
const percents = (values) => values.map((value) => ({value, text: formatPercent(value, 0)}));

/** @param {import("./selective-prediction.js").Selected[]} steps @param {(step: number) => void} choose a point of the curve */
export function makeCoveragePlot(steps, choose) {
  const coverages = steps.map(({answered, n}) => answered / n);
  const low = Math.min(...coverages, 0.99);
  const accuracies = steps.map(selectiveAccuracy);
  const plot = makePlot({
    width: PLOT_WIDTH, height: PLOT_HEIGHT, label: "Accuracy against coverage",
    horizontal: {place: (value) => (value - low) / (1 - low), ticks: percents(niceTicks(low, 1, 5)), name: "coverage"},
    vertical: accuracyAxis([...accuracies.map(({value}) => value), accuracies[0].interval[0]]),
  });
  const path = (values) => values.map((value, step) => `${plot.x(coverages[step]).toFixed(1)} ${plot.y(value).toFixed(1)}`);
  const ends = [path(accuracies.map(({interval}) => interval[0])), path(accuracies.map(({interval}) => interval[1])).reverse()];
  const line = newShape("line", {class: "interval"});
  const dot = newShape("circle", {class: "recall", r: 5.5});
  plot.marks.append(
    newShape("path", {class: "band", d: `M${ends.flat().join("L")}z`}),
    newShape("path", {class: "curve test", d: `M${path(accuracies.map(({value}) => value)).join("L")}`}), line, dot,
  );
  plot.node.addEventListener("pointerdown", ({clientX}) => {
    const {left, width} = plot.node.getBoundingClientRect();
    const at = ((clientX - left) / width) * PLOT_WIDTH;
    const far = (step) => Math.abs(plot.x(coverages[step]) - at);
    choose(steps.reduce((best, _, step) => (far(step) < far(best) ? step : best), 0));
  });
  return {
    node: plot.node,
    show(step) {
      const {value, interval: [from, to]} = accuracies[step];
      const x = plot.x(coverages[step]);
      writeAttributes(line, {x1: x, x2: x, y1: plot.y(from), y2: plot.y(to)});
      writeAttributes(dot, {cx: x, cy: plot.y(value)});
      writeAttributes(plot.node, {"aria-label": `Accuracy against coverage: ${formatPercent(value)} at ${formatPercent(coverages[step])}`});
    },
  };
}

/**
 * @param {object[]} bins of `metrics.uncertainty`, those that hold an image
 * @param {number[]} thresholds of the steps
 * @param {((bin: object) => void) | null} choose null where the page has no images
 */
export function makeReliabilityPlot(bins, thresholds, choose) {
  const axis = {place: (value) => value, ticks: percents([0, 0.2, 0.4, 0.6, 0.8, 1])};
  const label = "Accuracy against confidence";
  const plot = makePlot({width: PLOT_WIDTH, height: PLOT_HEIGHT, label, horizontal: {...axis, name: "confidence"}, vertical: {...axis, name: "accuracy"}});
  const {x, y, inset} = plot;
  const rejected = newShape("rect", {class: "rejected", x: x(0), y: y(1), height: y(0) - y(1)});
  const marks = bins.flatMap(({n, confidence, accuracy, interval: [low, high]}) => [
    newShape("line", {class: "interval", x1: x(confidence), x2: x(confidence), y1: y(low), y2: y(high)}),
    newShape("circle", {class: "recall", cx: x(confidence), cy: y(accuracy), r: 2.5 + Math.log10(n)}),
  ]);
  plot.marks.append(rejected, newShape("line", {class: "all", x1: x(0), y1: y(0), x2: x(1), y2: y(1)}), ...marks);
  const group = newElement("div", {class: "bins", role: "group", "aria-label": "Images by confidence"});
  group.style.inset = ["top", "right", "bottom", "left"].map((side) => `${100 * inset[side]}%`).join(" ");
  const buttons = bins.map((bin) => {
    const told = `confidence ${formatPercent(bin.low, 0)} to ${formatPercent(bin.high, 0)}: ${formatCount(bin.n, "image")}`;
    const button = newElement("button", {
      type: "button", tabindex: "-1", title: told, "aria-pressed": "false",
      "aria-label": `${told}, accuracy ${formatPercent(bin.accuracy, 1)}, ${formatPercent(bin.interval[0], 1)} to ${formatPercent(bin.interval[1], 1)}`,
    });
    button.style.gridColumn = String(1 + Math.round(bin.low * BINS));
    return button;
  });
  const press = (place) => buttons.forEach((button, each) => button.setAttribute("aria-pressed", String(each === place)));
  group.addEventListener("click", ({target}) => {
    const place = buttons.indexOf(target);
    if (place < 0) return;
    press(place);
    choose(bins[place]);
  });
  if (choose) group.append(...buttons);
  startRovingFocus(group, "button");
  return {
    node: newElement("div", {class: "reliability"}, plot.node, group),
    show: (step) => rejected.setAttribute("width", x(thresholds[step]) - x(0)),
    release: () => press(-1),
  };
}
