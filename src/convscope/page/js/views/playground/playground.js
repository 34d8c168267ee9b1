import {runNetwork} from "../../network/network.js";
import {settledEpoch} from "../../state/epochs.js";
import {predictedName} from "../../state/prediction.js";
import {readHash} from "../../state/url-hash.js";
import {startLayerStrip} from "../layer-strip/layer-strip.js";
import {startDrawingPad} from "./drawing-pad.js";
import {makeInput, preprocessingFor} from "./input.js";
import {startPadNotes} from "./pad-notes.js";
import {startPerturbationSliders} from "./perturbation-sliders.js";
import {startChooser, startPictureInput} from "./picture-input.js";
import {startPreprocessingSteps} from "./preprocessing-steps.js";
import {startThumbnails} from "./thumbnails.js";
import {startPrediction} from "../prediction/prediction.js";

/** Start the first screen: drawing pad, layer strip and prediction; below it preprocessing and transformations. */
export function startPlayground(session) {
  const input = makeInput(session, preprocessingFor(session.payload.dataset, session.payload.preprocessing));
  showProblem(session);
  if (session.run && session.state.image === "drawing") input.restore(session.state.ink);
  startLayerStrip(session);
  startPrediction(session);
  startDrawingPad(session, input);
  startPictureInput(session, input);
  startChooser(session);
  startThumbnails(session, input);
  startPadNotes(session, input);
  startPreprocessingSteps(session, input);
  startPerturbationSliders(session);
  document.documentElement.classList.add("is-live");
  exposeConsoleApi(session, () => session.run && input.clear());
  session.subscribe((_, changed) => {
    if (session.state.image !== "drawing") return;
    if (changed.has("ink") && session.state.ink !== input.inkText()) input.restore(session.state.ink);
    else if (changed.has("image") && !session.state.ink) input.keep();
  });
}

/** Say why the network does not run, or not to its end, and what the link asked for in vain. */
function showProblem(session) {
  const {payload, network} = session;
  const note = document.getElementById("playground-problem");
  const stopped = network?.layers.find((layer) => layer.problem);
  const rest = "the rest of the report is complete";
  if (!payload.weights) note.textContent = `The network is too large to embed, so it does not run in this page; ${rest}.`;
  else if (stopped) note.textContent = `Layer ${stopped.name} ${stopped.problem}: the network runs up to this layer, and ${rest}.`;
  const lost = lostParts(session);
  if (lost.length) note.append(`${note.textContent ? ". " : ""}This page has no ${lost.join(", ")}, which the link names; the rest of the link is shown.`);
  note.hidden = !note.textContent;
  session.set({epoch: settledEpoch(session.frames, session.state.epoch)});
  document.getElementById("sliders-part").hidden = !network;
}

/** @returns {string[]} the parts of the address that this page cannot show */
function lostParts({payload, names, network, open, state: {image, layer, epoch, target}}) {
  const {unread} = readHash(location.hash);
  const lost = [
    image && image !== open.name && !["drawing", "picture"].includes(image) && `image=${image}`,
    layer && network && !network.layers.some(({name}) => name === layer) && `layer=${layer}`,
    epoch && !payload.weights?.epochs.some((each) => each.epoch === epoch) && `epoch=${epoch}`,
    target >= names.length && `target=${target}`,
  ];
  return [...unread, ...lost.filter(Boolean)].slice(0, 3).map((part) => (part.length > 40 ? `${part.slice(0, 40)}…` : part || "empty part"));
}

/** Expose `window.convscope`, the API for scripts and for the browser's console. @param {() => void} clear empties the pad */
function exposeConsoleApi(session, clear) {
  window.convscope = Object.freeze({
    /**
     * @param {Iterable<number>} pixels h·w·c numbers in 0..1, in row order
     * @returns {{probabilities: number[] | null, activations: Record<string, {shape: number[], data: number[]}>}} with the
     *   weights of the open epoch; the probabilities are the softmax itself, which no temperature divides
     */
    run(pixels) {
      if (!session.network) throw new Error("this page has no weights: the network is too large to embed");
      const {activations, stoppedAt} = runNetwork(session.network, Float32Array.from(pixels));
      const plain = Object.entries(activations).map(
        ([name, {shape, data}]) => [name, {shape: [...shape], data: Array.from(data)}],
      );
      return {probabilities: stoppedAt ? null : [...plain.at(-1)[1].data], activations: Object.fromEntries(plain)};
    },

    /** @returns {string} the class that the pad shows now; "" while it is empty */
    answer: () => predictedName(session),

    clear,
  });
}
