import {areInk} from "../../dom/picture.js";
import {runNetwork} from "../../network/network.js";
import {answerOf} from "../../state/prediction.js";
import {startRiver} from "../layer-strip/layer-strip.js";
import {startPad} from "./drawing-pad.js";
import {makeHand, makingFor} from "./input.js";
import {startOpenBar} from "./open-image-bar.js";
import {startSliders} from "./perturbation-sliders.js";
import {startChooser, startTools} from "./picture-input.js";
import {startSteps} from "./preprocessing-steps.js";
import {startAnswer} from "../prediction/prediction.js";

/**
 * The first screen: the pad, the river, the answer; and below, the way in and what can be done to the image.
 *
 * @param {Document} page
 * @param {import("../../state/session.js").Live} live
 */
export function startPlayground(page, live) {
  const {dataset} = live.payload;
  const {test} = live.images;
  const isInk = test ? areInk(test) : dataset.things === "digits";
  const hand = makeHand(live, makingFor(dataset, live.payload.fitting));
  showProblem(page, live);
  if (live.run && live.state.image === "drawing") hand.restore(live.state.ink);
  startRiver(page, live, isInk);
  startAnswer(page, live);
  startPad(page, live, hand, isInk);
  startTools(page, live, hand);
  startChooser(page, live);
  startSteps(page, live, hand, isInk);
  startSliders(page, live);
  startOpenBar(page, live, isInk);
  openDoor(live, () => live.run && hand.clear());
  live.subscribe((_, changed) => {
    if (live.state.image !== "drawing") return;
    if (changed.has("ink") && live.state.ink !== hand.inkText()) hand.restore(live.state.ink);
    else if (changed.has("image") && !live.state.ink) hand.keep();
  });
}

/** One sentence where the network cannot be run, or not to its end. */
function showProblem(page, {payload, network}) {
  const note = page.getElementById("playground-problem");
  const stopped = network?.layers.find((layer) => layer.problem);
  const rest = "everything else is here";
  if (!payload.weights) note.textContent = `The network is too large to travel in a page, so it does not run here; ${rest}.`;
  else if (stopped) note.textContent = `Layer ${stopped.name} ${stopped.problem}: the network runs up to it, and ${rest}.`;
  note.hidden = !note.textContent;
  page.getElementById("sliders-part").hidden = !network;
}

/**
 * The one door for scripts, and for teaching in the browser's console: `window.convscope`.
 *
 * @param {import("../../state/session.js").Live} live
 * @param {() => void} clear empties the pad
 */
export function openDoor(live, clear) {
  window.convscope = Object.freeze({
    /**
     * @param {Iterable<number>} pixels h·w·c numbers in 0..1, in row order
     * @returns {{probabilities: number[] | null, activations: Record<string, {shape: number[], data: number[]}>}} with the
     *   weights of the open epoch
     */
    run(pixels) {
      if (!live.network) throw new Error("this page holds no weights: the network was too large for it");
      const {probabilities, activations} = runNetwork(live.network, Float32Array.from(pixels));
      const plain = Object.entries(activations).map(
        ([name, {shape, data}]) => [name, {shape: [...shape], data: Array.from(data)}],
      );
      return {probabilities: probabilities && Array.from(probabilities), activations: Object.fromEntries(plain)};
    },

    /** @returns {string} the class that the pad shows now; "" while it is empty */
    answer: () => answerOf(live),

    clear,
  });
}
