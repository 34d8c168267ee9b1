import {newElement, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {runInSlices, drawWhenVisible} from "../../dom/scheduling.js";
import {NO_CHANGE, perturb} from "../../image/perturb.js";
import {runNetwork, makeWorkspace} from "../../network/network.js";
import {largestOf} from "../../network/softmax.js";
import {formatChange, parseChange} from "../../state/perturbation.js";

/** Milliseconds without a change before the sweep along the sliders starts. */
const SWEEP_PAUSE = 150;

/** Start the sliders that transform the open image, each with the predictions along it. */
export function startPerturbationSliders(session) {
  const node = document.getElementById("sliders");
  const [reset, result] = ["sliders-reset", "sliders-result"].map((id) => document.getElementById(id));
  const {shape, names} = session;
  const sliders = slidersFor(shape);
  const rows = sliders.map((slider) => makeSlider(slider, (value) => {
    session.set({change: formatChange({...parseChange(session.state.change), [slider.key]: value})});
  }));
  node.append(...rows.map((row) => row.node));
  reset.addEventListener("click", () => session.set({change: ""}));
  let [pause, asked] = [0, 0];

  function show() {
    const change = parseChange(session.state.change);
    for (const row of rows) row.show(change);
    reset.disabled = session.state.change === "";
    showOutcome();
  }

  function showAndSweep() {
    show();
    clearTimeout(pause);
    pause = setTimeout(sweep, SWEEP_PAUSE, parseChange(session.state.change));
  }

  function showOutcome() {
    const {open, run, network} = session;
    if (!run?.probabilities) return;
    if (session.state.change === "") {
      refill(result, "The image is unchanged. The strip under a slider shows the prediction for each of its positions.");
      return;
    }
    const before = runNetwork(network, open.original).probabilities;
    const answer = (all) => [{name: names[largestOf(all)]}, ` (${formatProbability(all[largestOf(all)])})`];
    const outcome = largestOf(before) === largestOf(run.probabilities) ? ". The prediction is the same." : ". The prediction changed.";
    refill(result, "Original: ", ...answer(before), ". Transformed: ", ...answer(run.probabilities), outcome);
  }

  async function sweep(change) {
    const number = ++asked;
    const {network, open: {original}} = session;
    if (!network || network.unknown.length) return;
    const isWanted = () => number === asked;
    const classes = await runInSlices(sweepSliders(network, original, shape, change, sliders), isWanted);
    if (!classes || !isWanted()) return;
    rows.forEach((row, place) => row.showSweep(stretchesOf(classes.get(sliders[place].key)), names));
  }

  show();
  const ask = drawWhenVisible(node, showAndSweep);
  session.subscribe((_, changed) => {
    if (changed.has("open")) asked++; // what is being worked out is of the image before
    if (changed.has("open") || changed.has("network")) ask();
  });
  ask();
}

function makeSlider(slider, onInput) {
  const {key, name, minimum, maximum, step} = slider;
  const input = newElement("input", {type: "range", min: minimum, max: maximum, step, id: `slider-${key}`});
  const output = newElement("output", {for: `slider-${key}`});
  const strip = newElement("span", {class: "sweep", "aria-hidden": "true"});
  const label = newElement("label", {for: `slider-${key}`}, name);
  const node = newElement("li", {class: "slider"}, label, output, input, strip);
  input.addEventListener("input", () => onInput(Number(input.value)));
  return {
    node,
    show(change) {
      const value = change[key];
      if (Number(input.value) !== value) input.value = String(value);
      output.textContent = sliderText(slider, value);
      node.hidden = (key === "row" || key === "column") && !change.cover;
      node.classList.toggle("is-set", value !== NO_CHANGE[key]);
    },
    showSweep(stretches, names) {
      const here = (Number(input.value) - minimum) / (maximum - minimum);
      const own = stretches.find(({to}) => here < to) ?? stretches[stretches.length - 1];
      strip.replaceChildren(...stretches.map(({answer, from, to}) => {
        const style = {left: `${100 * from}%`, width: `${100 * (to - from)}%`};
        return newElement("span", {class: answer === own.answer ? "holds" : "tips", style}, {name: names[answer]});
      }));
    },
  };
}

/**
 * Predictions along a slider. Pure: no DOM.
 * @typedef {import("../../image/perturb.js").Change} Change
 * @typedef {{key: keyof Change, name: string, unit: string, minimum: number, maximum: number, step: number}} Slider
 */

/** Positions on a slider at which the network runs. */
const SWEEP_STEPS = 25;

/** Return the sliders for images of this shape. @returns {Slider[]} */
export function slidersFor({height, width, channels}) {
  const side = Math.min(height, width);
  const maxShift = Math.max(1, Math.round(side / 4));
  const pixels = (key, name, most, step = 1) => ({key, name, unit: " px", minimum: -most, maximum: most, step});
  const sliders = [
    pixels("right", "Shift right", maxShift),
    pixels("down", "Shift down", maxShift),
    {key: "turn", name: "Rotate", unit: "°", minimum: -90, maximum: 90, step: 1},
    {key: "scale", name: "Size", unit: "×", minimum: 0.5, maximum: 1.5, step: 0.01},
    pixels("thick", "Thicken", Math.max(1, Math.round(side / 14)), 0.1),
    {key: "noise", name: "Noise", unit: "", minimum: 0, maximum: 1, step: 0.01},
    {key: "cover", name: "Cover", unit: " px", minimum: 0, maximum: Math.round(0.75 * side), step: 1},
    pixels("column", "Cover: right", Math.round(width / 2)),
    pixels("row", "Cover: down", Math.round(height / 2)),
  ];
  return sliders.filter(({key}) => key !== "thick" || channels === 1);
}

/** @param {Slider} slider @param {number} value @returns {string} "−40°" */
export function sliderText({step, unit}, value) {
  return `${step < 1 ? value.toFixed(step < 0.1 ? 2 : 1) : value}${unit}`.replace("-", "−");
}

/**
 * @param {Change} change what is done already
 * @returns {Generator<number, Map<string, number[]>>} for each slider, the class at each of its places
 */
function* sweepSliders(network, original, shape, change, sliders) {
  const workspace = makeWorkspace(network);
  const classes = new Map();
  for (const {key, minimum, maximum} of sliders) {
    const along = [];
    for (let step = 0; step < SWEEP_STEPS; step++) {
      const value = minimum + ((maximum - minimum) * step) / (SWEEP_STEPS - 1);
      const asked = {...change, [key]: value};
      const pixels = formatChange(asked)
        ? perturb(original, shape, asked)
        : original;
      const {probabilities} = runNetwork(network, pixels, workspace);
      along.push(largestOf(probabilities));
      yield step;
    }
    classes.set(key, along);
  }
  return classes;
}

/**
 * Return the intervals of a slider with the same prediction.
 * @returns {{answer: number, from: number, to: number}[]} as shares of the slider's length
 */
export function stretchesOf(classes) {
  const stretches = [];
  classes.forEach((answer, step) => {
    const last = stretches[stretches.length - 1];
    if (last?.answer === answer) last.to = (step + 1) / classes.length;
    else stretches.push({answer, from: step / classes.length, to: (step + 1) / classes.length});
  });
  return stretches;
}
