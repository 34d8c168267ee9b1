import {perturb} from "../../image/perturb.js";
import {makeWorkspace, runNetwork} from "../../network/network.js";
import {largestOf} from "../../network/temperature.js";
import {formatChange, perturbationOf} from "../../state/perturbation.js";

/**
 * Predictions along a slider. Pure: no DOM.
 *
 * @typedef {import("../../state/perturbation.js").Change} Change
 * @typedef {{key: keyof Change, name: string, unit: string, minimum: number, maximum: number, step: number}} Slider
 */

/** Positions on a slider at which the network runs. */
const SWEEP_STEPS = 25;

/**
 * Return the sliders for images of this shape.
 *
 * @param {import("../../dom/picture.js").PictureShape} shape
 * @returns {Slider[]}
 */
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

/**
 * @param {Slider} slider
 * @param {number} value
 * @returns {string} "−40°"
 */
export function sliderText({step, unit}, value) {
  return `${step < 1 ? value.toFixed(step < 0.1 ? 2 : 1) : value}${unit}`.replace("-", "−");
}

/**
 * @param {import("../../network/network.js").Network} network
 * @param {Float32Array} original
 * @param {import("../../dom/picture.js").PictureShape} shape
 * @param {Change} change what is done already
 * @param {Slider[]} sliders
 * @returns {Generator<number, Map<string, number[]>>} for each slider, the class at each of its places
 */
export function* sweepSliders(network, original, shape, change, sliders) {
  const workspace = makeWorkspace(network);
  const classes = new Map();
  for (const {key, minimum, maximum} of sliders) {
    const along = [];
    for (let step = 0; step < SWEEP_STEPS; step++) {
      const value = minimum + ((maximum - minimum) * step) / (SWEEP_STEPS - 1);
      const asked = {...change, [key]: value};
      const pixels = formatChange(asked)
        ? perturb(original, shape, perturbationOf(asked, [shape.height, shape.width]))
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
 *
 * @param {number[]} classes
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
