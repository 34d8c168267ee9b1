import {newElement, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {paintInputs} from "../../dom/picture.js";
import {predictionOf} from "../../state/prediction.js";

/** Put the reader's own image, with what the network made of it, on the first sheet; nothing else on paper shows it. */
export function startPrintedImage(session) {
  const place = document.getElementById("printed-image");
  addEventListener("beforeprint", () => {
    const {open, names, shape: {height, width}} = session;
    const {isEmpty, best, probabilities} = predictionOf(session);
    place.hidden = isEmpty || (open.source === "test" && open.pixels === open.original);
    if (place.hidden) return;
    const canvas = newElement("canvas", {width, height});
    paintInputs(canvas, session, open.pixels);
    const caption = best < 0 ? "" : `: predicted as ${names[best]} (${formatProbability(probabilities[best])})`;
    const picture = newElement("img", {src: canvas.toDataURL(), alt: imageTitle(open)});
    refill(place, picture, newElement("figcaption", {}, `${imageTitle(open)}${open.pixels === open.original ? "" : ", changed"}${caption}`));
  });
}
