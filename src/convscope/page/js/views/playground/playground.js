import {areInk} from "../../dom/picture.js";
import {runNetwork} from "../../network/network.js";
import {predictedName} from "../../state/prediction.js";
import {startLayerStrip} from "../layer-strip/layer-strip.js";
import {startDrawingPad} from "./drawing-pad.js";
import {makeInput, preprocessingFor} from "./input.js";
import {startOpenImageBar} from "./open-image-bar.js";
import {startPerturbationSliders} from "./perturbation-sliders.js";
import {startChooser, startPictureInput} from "./picture-input.js";
import {startPreprocessingSteps} from "./preprocessing-steps.js";
import {startPrediction} from "../prediction/prediction.js";

/** Start the first screen: drawing pad, layer strip and prediction; below it preprocessing and transformations. */
export function startPlayground(page, session) {
  const {dataset} = session.payload;
  const {test} = session.images;
  const isInk = test ? areInk(test) : dataset.content === "digits";
  const input = makeInput(session, preprocessingFor(dataset, session.payload.preprocessing));
  showProblem(page, session);
  if (session.run && session.state.image === "drawing") input.restore(session.state.ink);
  startLayerStrip(page, session, isInk);
  startPrediction(page, session);
  startDrawingPad(page, session, input, isInk);
  startPictureInput(page, session, input);
  startChooser(page, session);
  startPreprocessingSteps(page, session, input, isInk);
  startPerturbationSliders(page, session);
  startOpenImageBar(page, session, isInk);
  exposeConsoleApi(session, () => session.run && input.clear());
  session.subscribe((_, changed) => {
    if (session.state.image !== "drawing") return;
    if (changed.has("ink") && session.state.ink !== input.inkText()) input.restore(session.state.ink);
    else if (changed.has("image") && !session.state.ink) input.keep();
  });
}

/** Say why the network does not run, or not to its end. */
function showProblem(page, {payload, network}) {
  const note = page.getElementById("playground-problem");
  const stopped = network?.layers.find((layer) => layer.problem);
  const rest = "the rest of the report is complete";
  if (!payload.weights) note.textContent = `The network is too large to embed, so it does not run in this page; ${rest}.`;
  else if (stopped) note.textContent = `Layer ${stopped.name} ${stopped.problem}: the network runs up to this layer, and ${rest}.`;
  note.hidden = !note.textContent;
  page.getElementById("sliders-part").hidden = !network;
}

/**
 * Expose `window.convscope`, the API for scripts and for the browser's console.
 *
 * @param {() => void} clear empties the pad
 */
export function exposeConsoleApi(session, clear) {
  window.convscope = Object.freeze({
    /**
     * @param {Iterable<number>} pixels h·w·c numbers in 0..1, in row order
     * @returns {{probabilities: number[] | null, activations: Record<string, {shape: number[], data: number[]}>}} with the
     *   weights of the open epoch
     */
    run(pixels) {
      if (!session.network) throw new Error("this page has no weights: the network is too large to embed");
      const {probabilities, activations} = runNetwork(session.network, Float32Array.from(pixels));
      const plain = Object.entries(activations).map(
        ([name, {shape, data}]) => [name, {shape: [...shape], data: Array.from(data)}],
      );
      return {probabilities: probabilities && Array.from(probabilities), activations: Object.fromEntries(plain)};
    },

    /** @returns {string} the class that the pad shows now; "" while it is empty */
    answer: () => predictedName(session),

    clear,
  });
}
