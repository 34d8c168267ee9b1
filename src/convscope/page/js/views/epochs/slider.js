import {newElement, refill} from "../../dom/element.js";
import {formatPercent, formatWhole} from "../../dom/format.js";
import {frameAt, stateEpoch} from "../../state/epochs.js";

/**
 * The epoch slider: which epoch's weights the page runs.
 *
 * @typedef {object} EpochPlayer
 * @property {() => number} place of the frame that is shown
 * @property {() => boolean} isPlaying
 * @property {(wanted: number) => void} goTo
 * @property {(by: number) => void} step
 * @property {() => void} play or stop
 * @property {() => void} stop
 * @property {(listener: () => void) => void} subscribe called when the epoch changes, or playback starts or stops
 */

/** Milliseconds per epoch during playback. */
const FRAME_TIME = 700;

/**
 * Return the controls that set the page's epoch, step by step or as an animation.
 *
 * @param {import("../../state/epochs.js").Frame[]} frames
 * @returns {EpochPlayer}
 */
export function makeEpochPlayer(session, frames) {
  const listeners = [];
  let timer = 0;
  const place = () => frameAt(frames, session.state.epoch);
  const player = {
    place,
    isPlaying: () => timer !== 0,
    goTo(wanted) {
      session.set({epoch: stateEpoch(frames[Math.min(Math.max(0, wanted), frames.length - 1)])});
    },
    step(by) {
      player.stop();
      player.goTo(place() + by);
    },
    play() {
      if (timer) return player.stop();
      if (place() === frames.length - 1) player.goTo(0);
      timer = setInterval(() => {
        player.goTo(place() + 1);
        if (place() === frames.length - 1) player.stop();
      }, FRAME_TIME);
      return tellAll();
    },
    stop() {
      clearInterval(timer);
      timer = 0;
      tellAll();
    },
    subscribe: (listener) => void listeners.push(listener),
  };
  function tellAll() {
    for (const listener of listeners) listener();
  }
  session.subscribe((_, changed) => changed.has("epoch") && tellAll());
  return player;
}

/**
 * @param {EpochPlayer} player
 * @param {import("../../state/epochs.js").Frame[]} frames
 * @param {object} payload
 * @returns {HTMLElement}
 */
export function newEpochControl(page, player, frames, payload) {
  const back = newEpochButton(page, "‹", "One epoch back", () => player.step(-1));
  const forth = newEpochButton(page, "›", "One epoch forward", () => player.step(1));
  const play = newEpochButton(page, "", "Play the epochs", () => player.play());
  const slider = newSlider(page, player, frames, payload);
  const text = newElement(page, "p", {class: "epoch-text", "aria-live": "polite"});
  const show = () => {
    const place = player.place();
    play.textContent = player.isPlaying() ? "❚❚" : "▶";
    play.setAttribute("aria-label", player.isPlaying() ? "Stop" : "Play the epochs");
    back.setAttribute("aria-disabled", String(place === 0));
    forth.setAttribute("aria-disabled", String(place === frames.length - 1));
    slider.show(place);
    refill(text, ...epochSentence(page, frames, place, payload));
  };
  player.subscribe(show);
  show();
  const buttons = newElement(page, "div", {class: "epoch-buttons"}, back, play, forth);
  const row = newElement(page, "div", {class: "epoch-row"}, buttons, slider.node);
  return newElement(page, "div", {class: "epoch-control"}, row, text);
}

/**
 * @param {string} text
 * @param {string} label
 * @param {() => void} act
 * @returns {HTMLElement}
 */
export function newEpochButton(page, text, label, act) {
  const button = newElement(page, "button", {type: "button", "aria-label": label, title: label}, text);
  button.addEventListener("click", act);
  return button;
}

/** Create the slider with epoch labels. */
function newSlider(page, player, frames, payload) {
  const attributes = {type: "range", min: 0, max: frames.length - 1, step: 1, "aria-label": "Epoch"};
  const input = newElement(page, "input", attributes);
  const every = Math.ceil(frames.length / 12);
  const isNamed = (place) => place === frames.length - 1 || (place % every === 0 && frames.length - 1 - place >= every);
  const ticks = frames.map(({epoch}, place) => newElement(page, "span", {}, isNamed(place) ? epoch : ""));
  input.addEventListener("input", () => {
    const wanted = Number(input.value); // read it first: stop() resets the slider
    player.stop();
    player.goTo(wanted);
  });
  const below = newElement(page, "div", {class: "epoch-ticks", "aria-hidden": "true"}, ...ticks);
  return {
    node: newElement(page, "div", {class: "epoch-slider"}, input, below),
    show(place) {
      input.value = String(place);
      input.setAttribute("aria-valuetext", epochWords(frames, place, payload));
      ticks.forEach((tick, index) => tick.toggleAttribute("data-on", index === place));
    },
  };
}

/** Return a sentence about the test results at an epoch. */
function epochSentence(page, frames, place, payload) {
  const [first, ...rest] = epochWords(frames, place, payload).split(": ");
  return [newElement(page, "strong", {}, first), `: ${rest.join(": ")}.`];
}

/**
 * Return `After epoch 2 of 3: accuracy 99.18% on 10,000 test images, 82 errors, 22 more than at the end`.
 *
 * @param {import("../../state/epochs.js").Frame[]} frames
 * @param {number} place
 * @param {object} payload
 * @returns {string}
 */
export function epochWords(frames, place, {metrics, history}) {
  const {epoch, isLast, accuracy} = frames[place];
  const last = frames[frames.length - 1].epoch;
  const when = isLast ? `At the end, after epoch ${epoch}` : `After epoch ${epoch} of ${last}`;
  const {n, errors} = metrics.test;
  if (accuracy === null) {
    const checked = history.find((each) => each.epoch === epoch)?.val_accuracy;
    return `${when}: ${Number.isFinite(checked) ? `validation accuracy ${formatPercent(checked)}` : "not measured"}`;
  }
  const wrong = Math.round((1 - accuracy) * n);
  const more = wrong - errors;
  const difference = more ? `${formatWhole(Math.abs(more))} ${more > 0 ? "more" : "fewer"} than` : "as many as";
  const against = isLast ? "" : `, ${difference} at the end`;
  return `${when}: accuracy ${formatPercent(accuracy)} on ${formatWhole(n)} test images, ${formatWhole(wrong)} errors${against}`;
}

/**
 * Create the compact epoch control at the bottom of the window.
 *
 * It is visible below the slider, and everywhere while an earlier epoch is selected.
 *
 * @param {EpochPlayer} player
 * @param {import("../../state/epochs.js").Frame[]} frames
 * @param {{slider: Element, errors: number, tested: number}} options `slider`: that of the section
 * @returns {HTMLElement}
 */
export function newEpochStrip(page, player, frames, {slider, tested}) {
  const last = frames.length - 1;
  const back = newEpochButton(page, "‹", "One epoch back", () => player.step(-1));
  const forth = newEpochButton(page, "›", "One epoch forward", () => player.step(1));
  const end = newEpochButton(page, "to the end", "to the end: the weights after training", () => player.step(last));
  const text = newElement(page, "span", {class: "strip-text"});
  const attributes = {class: "epoch-strip", role: "group", "aria-label": "Epoch", hidden: true};
  const node = newElement(page, "div", attributes, back, text, forth, end);
  let isElsewhere = false;

  function show() {
    const place = player.place();
    const {epoch, accuracy} = frames[place];
    node.hidden = !isElsewhere && place === last;
    node.toggleAttribute("data-past", place !== last);
    back.setAttribute("aria-disabled", String(place === 0));
    forth.setAttribute("aria-disabled", String(place === last));
    end.hidden = place === last;
    const wrong = accuracy === null ? "" : ` ${formatWhole(Math.round((1 - accuracy) * tested))} errors`;
    const when = place === last ? `epoch ${epoch}, the end` : `epoch ${epoch} of ${frames[last].epoch}`;
    refill(text, when, newElement(page, "span", {class: "wide"}, wrong));
    if (isSeen) node.hidden = true;
  }

  let isSeen = false;
  new IntersectionObserver((entries) => {
    const entry = entries[entries.length - 1];
    isSeen = entry.isIntersecting;
    isElsewhere = !isSeen && entry.boundingClientRect.bottom < 0;
    show();
  }).observe(slider);
  player.subscribe(show);
  return node;
}
