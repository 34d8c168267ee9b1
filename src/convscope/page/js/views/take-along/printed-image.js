import {newElement, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {paintPicture} from "../../dom/picture.js";
import {isInk} from "../../dom/theme-colors.js";
import {predictionOf} from "../../state/prediction.js";

/** Put the reader's own image, with what the network made of it, on the first sheet; nothing else on paper shows it. */
export function startPrintedImage(page, session) {
  const place = page.getElementById("printed-image");
  addEventListener("beforeprint", () => {
    const {open, payload: {dataset: {image_shape: [height, width, channels], class_names: names}}} = session;
    const {isEmpty, best, probabilities} = predictionOf(session);
    place.hidden = isEmpty || (open.source === "test" && open.pixels === open.original);
    if (place.hidden) return;
    const canvas = newElement(page, "canvas", {width, height});
    paintPicture(canvas, {height, width, channels}, open.pixels, isInk(session), 1);
    const caption = best < 0 ? "" : `: predicted as ${names[best]} (${formatProbability(probabilities[best])})`;
    const picture = newElement(page, "img", {src: canvas.toDataURL(), alt: imageTitle(open)});
    refill(place, picture, newElement(page, "figcaption", {}, `${imageTitle(open)}${open.pixels === open.original ? "" : ", changed"}${caption}`));
  });
}
