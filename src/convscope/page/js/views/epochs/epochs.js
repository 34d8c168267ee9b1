import {newElement, newGlossaryButton, mountLive, newShape, refill} from "../../dom/element.js";
import {formatPercent, formatWhole, nounFor} from "../../dom/format.js";
import {frameAt} from "../../state/epochs.js";
import {startCurves} from "./curves.js";
import {newLinkedPictures} from "./linked-pictures.js";

/** Start the curves of the training section, and the strip of the stage that selects the epoch whose weights the page runs. */
export function startEpochs(session) {
  const {frames, payload: {metrics: {epochs}}} = session;
  const canRun = frames.length > 1 && session.network;
  startCurves(session, canRun ? frames : []);
  if (!canRun) return;
  mountLive("epoch-pictures", newLinkedPictures(session));
  mountLive("epochs", newEpochControl(session));
  const kept = frames.length < epochs ? `The weights after ${frames.length} of the ${epochs} epochs` : "The weights after each epoch";
  mountLive("epochs-note", newElement(
    "p", {class: "reading"}, kept, newGlossaryButton("epoch snapshots"),
    " were evaluated on the test images after training had finished, so no choice depended on them.",
  ));
}

/** Milliseconds per epoch during playback. */
const FRAME_TIME = 700;

/**
 * Create the strip of the stage, which sets the epoch whose weights the page runs: play, and a slider above the errors after each
 * epoch.
 */
function newEpochControl(session) {
  const {frames} = session;
  const last = frames.length - 1;
  const play = newElement("button", {type: "button"});
  const input = newElement("input", {type: "range", min: 0, max: last, step: 1, "aria-label": "Epoch"});
  const text = newElement("p", {class: "epoch-text", "aria-live": "polite"});
  let timer = 0;
  const place = () => frameAt(frames, session.state.epoch);
  const goTo = (wanted) => session.set({epoch: frames[wanted].state});

  function stop() {
    clearInterval(timer);
    timer = 0;
    show();
  }

  play.addEventListener("click", () => {
    if (timer) return stop();
    if (place() === last) goTo(0);
    timer = setInterval(() => {
      goTo(Math.min(last, place() + 1));
      if (place() === last) stop();
    }, FRAME_TIME);
    return show();
  });
  input.addEventListener("input", () => {
    const wanted = Number(input.value); // read it first: stop() resets the slider
    stop();
    goTo(wanted);
  });

  function show() {
    play.textContent = timer ? "❚❚" : "▶";
    play.title = timer ? "Stop" : "Play the epochs";
    play.setAttribute("aria-label", play.title);
    const [when, ...rest] = epochParts(frames, place(), session.payload);
    input.value = String(place());
    input.setAttribute("aria-valuetext", `${when}: ${rest.join(", ")}`);
    refill(text, newElement("strong", {}, when), `: ${rest.slice(rest.length > 1 ? 1 : 0).join(", ")}`);
  }
  session.follow(["epoch"], show);
  const slider = newElement("div", {class: "epoch-slider"}, newErrorLine(frames), input);
  return newElement("div", {class: "epoch-control"}, play, slider, text);
}

/** Draw the errors after each epoch, as a share of the most. */
function newErrorLine(frames) {
  const wrong = frames.map(({accuracy}) => (accuracy === null ? null : 1 - accuracy));
  const most = Math.max(...wrong);
  const points = wrong.flatMap((share, place) => (share === null ? [] : [`${place / (frames.length - 1)},${most ? 1 - share / most : 1}`]));
  return newShape("svg", {viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true"},
    newShape("polygon", {points: `0,1 ${points.join(" ")} 1,1`}));
}

/** @returns {string[]} when, the accuracy, and where that was measured on the test images the errors and the difference */
function epochParts(frames, place, {metrics, history}) {
  const {epoch, isLast, accuracy} = frames[place];
  const last = frames[frames.length - 1].epoch;
  const when = isLast ? `After epoch ${epoch}, the last` : `After epoch ${epoch} of ${last}`;
  const {n, errors} = metrics.test;
  if (accuracy === null) {
    const checked = history.find((each) => each.epoch === epoch)?.val_accuracy;
    return [when, Number.isFinite(checked) ? `validation accuracy ${formatPercent(checked)}` : "not measured"];
  }
  const wrong = Math.round((1 - accuracy) * n);
  const more = wrong - errors;
  const difference = more ? `${formatWhole(Math.abs(more))} ${more > 0 ? "more" : "fewer"} than` : "as many as";
  const measured = [when, `accuracy ${formatPercent(accuracy)} on ${formatWhole(n)} test images`, `${formatWhole(wrong)} ${nounFor(wrong, "error")}`];
  return isLast ? measured : [...measured, `${difference} at the end`];
}
