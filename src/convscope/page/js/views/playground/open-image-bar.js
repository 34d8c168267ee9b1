import {newElement, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {neighbourName, imageTitle} from "../../dom/image-title.js";
import {paintInputs} from "../../dom/picture.js";
import {predictionOf} from "../../state/prediction.js";

/** Start the bar that stays visible below the first screen: open image, true class, prediction. */
export function startOpenImageBar(session) {
  const bar = document.getElementById("open-bar");
  const parts = ["canvas", ".open-name", ".open-label", ".open-prediction"];
  const [picture, name, truth, said] = parts.map((part) => bar.querySelector(part));
  const {shape: {height, width}, names, isInk} = session;
  Object.assign(picture, {height, width});
  picture.classList.toggle("inked", isInk);

  function show() {
    if (bar.hidden) return;
    const {open, state} = session;
    const {best, probabilities} = predictionOf(session);
    paintInputs(picture, session, open.pixels);
    name.textContent = imageTitle(open) + (state.change ? ", transformed" : "") + (state.epoch ? `, epoch ${state.epoch}` : "");
    refill(truth, ...(open.label === null ? [] : ["true class ", {name: names[open.label]}]));
    const isKnown = best >= 0;
    const word = newElement("span", {class: "word"}, "prediction "); // left out on phones
    refill(said, ...(isKnown ? [word, {name: names[best]}, `, ${formatProbability(probabilities[best])}`] : ["no prediction"]));
    bar.dataset.truth = !isKnown || open.label === null ? "" : open.label === best ? "right" : "wrong";
  }

  for (const [part, step] of [[".open-back", -1], [".open-next", 1]]) {
    const button = bar.querySelector(part);
    button.disabled = !session.images.test;
    button.addEventListener("click", () => session.openImage(neighbourName(session, step)));
  }
  new IntersectionObserver((entries) => { // on a busy page more than one, the newest last
    const {isIntersecting, boundingClientRect} = entries.at(-1);
    bar.hidden = isIntersecting || boundingClientRect.top > 0;
    document.documentElement.classList.toggle("has-open-bar", !bar.hidden);
    show();
  }).observe(document.getElementById("stage"));
  session.subscribe((_, changed) => (changed.has("open") || changed.has("run")) && show());
}
