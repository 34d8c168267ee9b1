import {newAsk, newElement, quotedName} from "../drawing/element.js";
import {wholeText} from "../drawing/numerals.js";
import {levelsOf, newPicture, paintPicture} from "../drawing/picture.js";

/**
 * The nearest training images of two classes, each a button that opens it.
 */

const NEIGHBOUR_SIDE = 56;

/**
 * @param {Document} page
 * @param {import("./neighbours.js").Neighbourhood} neighbourhood
 * @param {object} options
 * @param {import("../data/images.js").ReferenceImages} options.reference
 * @param {string[]} options.names
 * @param {boolean} options.isInk
 * @param {number} options.trained training images in all
 * @param {(name: string) => void} options.open
 * @returns {HTMLElement}
 */
export function newNeighbourView(page, {searched, layer, groups}, {reference, names, isInk, trained, open}) {
  const rows = groups.map(({label, neighbours}) => {
    const pictures = neighbours.map((each) => newNeighbour(page, each, {reference, names, isInk, open}));
    const head = newElement(page, "p", {title: names[label]}, "of ", ...quotedName(names[label]));
    const none = newElement(page, "p", {className: "quiet"}, "none here");
    const list = pictures.length ? newElement(page, "ul", {}, ...pictures) : none;
    return newElement(page, "div", {className: "neighbours"}, head, list);
  });
  const share = searched === null ? "all" : `${wholeText(searched)} of the`;
  const from = `${share} ${wholeText(trained)} training images`;
  const where = layer ? [", by their distance in ", {name: layer}, newAsk(page, "distance")] : [];
  return newElement(
    page, "section", {className: "case-part"}, newElement(page, "h4", {}, "Nearest training images"), ...rows,
    newElement(page, "p", {className: "reading"}, ...leaningText(groups, names), `Among ${from}`, ...where, "."),
  );
}

/** Which class it lies nearer to. */
function leaningText(groups, names) {
  const [first, second] = groups
    .map(({label, neighbours}) => ({label, distance: neighbours[0]?.distance ?? null}))
    .sort((a, b) => a.distance - b.distance);
  if (!second || first.distance === null || second.distance === null) return [];
  return [
    "It lies nearer to ", ...quotedName(names[first.label]), ` (${distanceText(first.distance)}) than to `,
    ...quotedName(names[second.label]), ` (${distanceText(second.distance)}). `,
  ];
}

function newNeighbour(page, {row, distance}, {reference, names, isInk, open}) {
  const picture = newPicture(page, reference, {side: NEIGHBOUR_SIDE, isInk});
  paintPicture(picture, reference, levelsOf(reference, row), isInk);
  const index = reference.indices[row];
  const far = distance === null ? "" : `, distance ${distanceText(distance)}`;
  const button = newElement(
    page, "button", {
      type: "button", className: "neighbour", "data-name": `train-${index}`, "data-row": row, title: `Training image ${index}`,
      "aria-label": `Training image ${index}, ${names[reference.labels[row]]}${far}`,
    },
    newElement(page, "span", {className: "shot"}, picture),
    newElement(page, "span", {"aria-hidden": "true"}, distance === null ? `#${index}` : distanceText(distance)),
  );
  button.addEventListener("click", () => open(`train-${index}`));
  return newElement(page, "li", {}, button);
}

/** Three digits, so that a column of them can be compared. */
function distanceText(distance) {
  return distance < 1000 ? distance.toPrecision(3) : wholeText(distance);
}
