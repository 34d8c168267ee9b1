import {newElement, refill} from "../drawing/element.js";
import {wholeText} from "../drawing/numerals.js";
import {newFilmButton} from "./control.js";

/**
 * The film in one line at the foot of the window: there wherever its slider is not, from the slider on, and everywhere while
 * the film is not at its end.
 *
 * @param {Document} page
 * @param {import("./control.js").Projector} projector
 * @param {import("./frames.js").Frame[]} frames
 * @param {{slider: Element, errors: number, tested: number}} options `slider`: that of the section
 * @returns {HTMLElement}
 */
export function newFilmStrip(page, projector, frames, {slider, tested}) {
  const last = frames.length - 1;
  const back = newFilmButton(page, "‹", "One epoch back", () => projector.step(-1));
  const forth = newFilmButton(page, "›", "One epoch on", () => projector.step(1));
  const end = newFilmButton(page, "to the end", "to the end: back to the finished network", () => projector.step(last));
  const text = newElement(page, "span", {className: "strip-text"});
  const attributes = {className: "film-strip", role: "group", "aria-label": "Film", hidden: true};
  const node = newElement(page, "div", attributes, back, text, forth, end);
  let isElsewhere = false;

  function show() {
    const place = projector.place();
    const {epoch, accuracy} = frames[place];
    node.hidden = !isElsewhere && place === last;
    node.toggleAttribute("data-past", place !== last);
    back.setAttribute("aria-disabled", String(place === 0));
    forth.setAttribute("aria-disabled", String(place === last));
    end.hidden = place === last;
    const wrong = accuracy === null ? "" : ` ${wholeText(Math.round((1 - accuracy) * tested))} wrong`;
    const when = place === last ? `epoch ${epoch}, the end` : `epoch ${epoch} of ${frames[last].epoch}`;
    refill(text, when, newElement(page, "span", {className: "wide"}, wrong));
    if (isSeen) node.hidden = true;
  }

  let isSeen = false;
  new IntersectionObserver((entries) => {
    const entry = entries[entries.length - 1];
    isSeen = entry.isIntersecting;
    isElsewhere = !isSeen && entry.boundingClientRect.bottom < 0;
    show();
  }).observe(slider);
  projector.subscribe(show);
  return node;
}
