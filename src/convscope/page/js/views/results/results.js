import {newElement} from "../../dom/element.js";
import {makeTriage} from "../image-details/triage.js";
import {isHighlightedClass, makeLinkedHighlight} from "./linked-highlight.js";
import {startMatrix} from "./matrix-cell.js";
import {startMistakes} from "./mistakes.js";
import {startPCAMap} from "./pca-map.js";

/**
 * Start the results: confusion matrix, classes, gallery, image details, map; numbers in the report's tables become buttons that show
 * the images they count.
 *
 * Without embedded test images the static figures stay.
 */
export async function startResults(session) {
  if (!session.images.test?.count) return;
  const shared = {highlight: makeLinkedHighlight(), triage: makeTriage(session.payload.metrics.mistakes)};
  const showInGallery = startMistakes(session, shared);
  startMatrix(session, {...shared, goToGallery: showInGallery});
  linkClassTable(session.names, shared.highlight, showInGallery);
  linkPairTable(session.names, showInGallery);
  await startPCAMap(session, shared);
}

/** Selection behind each column of the table of classes. */
const LINKED_COLUMNS = {
  name: {select: (label) => ({truth: label}), tell: (name) => `Images of ${name}`},
  precision: {
    select: (label) => ({predicted: label, outcome: "wrong"}),
    tell: (name) => `Images wrongly predicted as ${name}`,
  },
  recall: {
    select: (label) => ({truth: label, outcome: "wrong"}),
    tell: (name) => `Images of ${name} predicted as another class`,
  },
  support: {select: (label) => ({truth: label}), tell: (name) => `Images of ${name}`},
};

function linkClassTable(names, highlight, show) {
  const rows = [...document.querySelectorAll("tr[data-label]")];
  for (const row of rows) {
    const label = Number(row.dataset.label);
    for (const cell of row.querySelectorAll("[data-link]")) {
      const {select, tell} = LINKED_COLUMNS[cell.dataset.link];
      putLinkButton(cell, tell(names[label]), () => show(select(label)));
    }
    row.addEventListener("pointerenter", () => highlight.lightClass(label));
    row.addEventListener("pointerleave", highlight.darken);
  }
  highlight.subscribe((lit) => {
    for (const row of rows) row.toggleAttribute("data-highlight", isHighlightedClass(lit, Number(row.dataset.label)));
  });
}

function linkPairTable(names, show) {
  for (const cell of document.querySelectorAll("td[data-pair]")) {
    const [truth, predicted] = cell.dataset.pair.split(" ").map(Number);
    putLinkButton(cell, `Images of ${names[truth]} predicted as ${names[predicted]}`, () => show({truth, predicted}));
  }
}

/** Turn the content of a cell into a button. */
function putLinkButton(cell, label, open) {
  const told = `${cell.textContent.trim()}: ${label}`;
  const attributes = {type: "button", class: "link", title: label, "aria-label": told, click: open};
  cell.replaceChildren(newElement("button", attributes, ...cell.childNodes));
}
