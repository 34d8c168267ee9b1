import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {runInSlices} from "../../dom/scheduling.js";
import {runNetwork} from "../../network/network.js";
import {largestOf} from "../../network/temperature.js";
import {NO_CHANGE, formatChange, parseChange} from "../../state/perturbation.js";
import {sliderText, slidersFor, stretchesOf, sweepSliders} from "./perturbation-sweep.js";

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
        const part = newElement("span", {class: answer === own.answer ? "holds" : "tips"}, {name: names[answer]});
        part.style.left = `${100 * from}%`;
        part.style.width = `${100 * (to - from)}%`;
        return part;
      }));
    },
  };
}
