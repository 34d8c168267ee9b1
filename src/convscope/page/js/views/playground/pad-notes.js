import {writeText} from "../../dom/element.js";
import {missingImageSentence} from "../../dom/image-title.js";
import {NO_CHANGE} from "../../image/perturb.js";
import {parseChange} from "../../state/perturbation.js";
import {predictionOf} from "../../state/prediction.js";
import {sliderText, slidersFor} from "./perturbation-sliders.js";

/** Start what stands on the pad itself: the invitation, how the image was changed, and what became of a file or a change. */
export function startPadNotes(session, input) {
  const [pad, invitation, badge, note] = ["pad", "pad-invitation", "pad-changed", "pad-note"].map((id) => document.getElementById(id));
  const sliders = slidersFor(session.shape);
  let before = session.state.change;
  document.getElementById("pad-reset").addEventListener("click", () => {
    session.set({change: ""});
    pad.focus(); // the button is gone
  });

  function show(changed) {
    const {state: {change}, open: {source}} = session;
    invitation.hidden = source !== "drawing" || !predictionOf(session).isEmpty;
    const isDropped = changed.has("image") && before && !change;
    const isEmpty = input.making.way === "digit" && source === "picture" && input.photo && input.prepared?.empty;
    const found = source === "picture" ? input.prepared?.found?.count ?? 0 : 0;
    writeText(note, missingImageSentence(session) || (isDropped && `Shown without the changes to the image before: ${changeWords(before, sliders)}.`) ||
      (isEmpty ? `No digit found in “${session.open.file}”: the prediction below is for a blank image.` : "") ||
      (found > 1 ? `${found} digits found; the largest is used.` : ""));
    badge.hidden = !change;
    writeText(badge.firstElementChild, changeWords(change, sliders));
    before = change;
  }
  session.subscribe((_, changed) => changed.has("open") && show(changed));
  show(new Set());
}

/** @returns {string} "Rotate −40°, Noise 0.20" */
function changeWords(text, sliders) {
  const change = parseChange(text);
  return sliders.filter(({key}) => change[key] !== NO_CHANGE[key]).map((slider) => `${slider.name} ${sliderText(slider, change[slider.key])}`).join(", ");
}
