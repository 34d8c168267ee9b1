import {refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {neighbourName, imageTitle} from "../../dom/image-title.js";
import {predictionOf} from "../../state/prediction.js";
import {inputImage} from "./input-display.js";

/**
 * Start the bar that stays visible below the first screen: open image, true class, prediction.
 *
 * @param {boolean} isInk
 */
export function startOpenImageBar(page, session, isInk) {
  const bar = page.getElementById("open-bar");
  const parts = ["canvas", ".open-name", ".open-label", ".open-prediction"];
  const [picture, name, truth, said] = parts.map((part) => bar.querySelector(part));
  const {image_shape: shape, class_names: classNames} = session.payload.dataset;
  [picture.height, picture.width] = shape;
  picture.classList.toggle("inked", isInk);
  const context = picture.getContext("2d");

  function show() {
    if (bar.hidden) return;
    const {open, state} = session;
    const {best, isEmpty, calibrated} = predictionOf(session);
    context.putImageData(inputImage(context, open.pixels, shape, isInk), 0, 0);
    name.textContent = imageTitle(open) + (state.change ? ", transformed" : "") + (state.epoch ? `, epoch ${state.epoch}` : "");
    refill(truth, ...(open.label === null ? [] : ["true class ", {name: classNames[open.label]}]));
    const isKnown = !isEmpty && best >= 0;
    refill(said, ...(isKnown ? ["prediction ", {name: classNames[best]}, `, ${formatProbability(calibrated[best])}`] : ["no prediction"]));
    bar.dataset.truth = !isKnown || open.label === null ? "" : open.label === best ? "right" : "wrong";
  }

  for (const [part, step] of [[".open-back", -1], [".open-next", 1]]) {
    const button = bar.querySelector(part);
    button.disabled = !session.images.test;
    button.addEventListener("click", () => session.openImage(neighbourName(session, step)));
  }
  new IntersectionObserver(([{isIntersecting, boundingClientRect}]) => {
    bar.hidden = isIntersecting || boundingClientRect.top > 0;
    page.documentElement.classList.toggle("has-open-bar", !bar.hidden);
    show();
  }).observe(page.getElementById("stage"));
  session.subscribe((_, changed) => (changed.has("open") || changed.has("run")) && show());
}
