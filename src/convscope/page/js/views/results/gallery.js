import {newGlossaryButton, newElement, refill} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {makeTilePages} from "./gallery-tiles.js";
import {isHighlightedImage} from "./linked-highlight.js";
import {ALL_MISTAKES, TILE_ORDERS, orderedRows, selectedRows} from "./selection.js";

/**
 * All embedded test images, with filters and orders.
 *
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {import("./selection.js").TileOrder} TileOrder
 *
 * @typedef {object} Gallery
 * @property {HTMLElement} controls
 * @property {HTMLElement} node the tiles
 * @property {(selection: Partial<Selection>, order?: TileOrder) => void} choose
 *   what is left out is any
 * @property {(name: string) => void} markOpen
 * @property {(row: number | null, by: number) => string | null} neighbour the name of the image so many steps from that row, in
 *   the gallery's order; null where there is none
 * @property {() => void} update the summary after a change of epoch
 * @property {(listener: () => void) => void} onChange called whenever other images are shown
 * @property {(row: number | null) => {place: number, count: number}} placeOf a row in the gallery's order; -1 where it is not
 */

/** Tiles per page. */
const GALLERY_PAGE = 60;
const ORDER_NAMES = {
  surest: "most confident first",
  doubtful: "least confident first",
  worst: "lowest probability of the true class first",
  pair: "most frequent pair first",
  number: "by number",
};
const OUTCOME_NAMES = {all: "all", wrong: "errors", right: "correct"};

/**
 * @param {import("../../data/images.js").TestImages} images
 * @param {object} options
 * @param {string[]} options.names
 * @param {boolean} options.isInk
 * @param {number} options.tested test images in all, of which the page may hold some
 * @param {import("./linked-highlight.js").Lighting} options.lighting
 * @param {import("../image-details/triage.js").Triage} options.triage
 * @param {() => boolean} options.isPast whether an earlier epoch is open
 * @param {(name: string) => void} options.open
 * @returns {Gallery}
 */
export function makeGallery(page, images, {names, isInk, tested, highlight, triage, isPast, open}) {
  const truth = newClassChoice(page, "True class", names);
  const predicted = newClassChoice(page, "Predicted class", names);
  const outcome = newOutcomeChoice(page);
  const order = newChoice(page, "Order", TILE_ORDERS.map((each) => [each, ORDER_NAMES[each]]));
  const hint = newHintChoice(page, triage);
  const summary = newElement(page, "p", {class: "gallery-summary", "aria-live": "polite"});
  const tiles = makeTilePages(page, {images, names, isInk, size: GALLERY_PAGE, label: "Test images", open});
  highlight.subscribe((lit) => tiles.light((...pair) => isHighlightedImage(lit, ...pair)));

  let listener = () => {};
  function draw() {
    const selection = {
      truth: Number(truth.select.value), predicted: Number(predicted.select.value), outcome: outcome.value(), hint: hint.select.value,
    };
    const rows = selectedRows(images, selection, (row) => triage.kindOf(images.indices[row]));
    tiles.show(orderedRows(rows, images, order.select.value), images);
    summarise();
    listener();
  }

  function summarise() {
    const [count, all] = [images.count, tested].map(formatWhole);
    const held = images.count < tested ? ` in this file, which holds ${count} of the ${all} tested` : "";
    const note = isPast() ? ". These are the predictions of the last epoch" : "";
    const number = newElement(page, "strong", {}, formatWhole(tiles.rows().length));
    refill(summary, number, ` of ${count} test images${held}${note}.`);
  }

  const choices = [truth, predicted, outcome, order, hint].map((choice) => choice.node);
  const form = newElement(page, "form", {class: "choices", "aria-label": "Which test images"}, ...choices);
  form.addEventListener("change", (event) => {
    // Correct predictions have no cause: choosing one filter resets the other.
    if (event.target === hint.select && hint.select.value && outcome.value() === "right") outcome.set("wrong");
    else if (outcome.value() === "right") hint.select.value = "";
    draw();
  });
  form.addEventListener("submit", (event) => event.preventDefault());

  const gallery = {
    controls: newElement(page, "div", {}, form, summary),
    node: newElement(page, "div", {class: "gallery"}, tiles.node, newLegend(page)),
    choose({truth: trueClass = -1, predicted: calledClass = -1, outcome: asked = "all"}, newOrder = "surest") {
      truth.select.value = String(trueClass);
      predicted.select.value = String(calledClass);
      outcome.set(asked);
      order.select.value = newOrder;
      hint.select.value = "";
      draw();
    },
    markOpen: tiles.markOpen,
    summarise,
    onChange(newListener) {
      listener = newListener;
    },
    neighbour(row, by) {
      const rows = tiles.rows();
      const next = rows[row === null ? 0 : rows.indexOf(row) + by];
      if (next === undefined) return null;
      tiles.turnTo(next);
      return `test-${images.indices[next]}`;
    },
    placeOf(row) {
      const rows = tiles.rows();
      return {place: row === null ? -1 : rows.indexOf(row), count: rows.length};
    },
  };
  gallery.choose(selectedRows(images, ALL_MISTAKES).length ? ALL_MISTAKES : {}, "surest");
  return gallery;
}

function newClassChoice(page, label, names) {
  const choice = newChoice(page, label, [["-1", "any"], ...names.map((name, place) => [String(place), name])]);
  choice.select.className = "of-class";
  return choice;
}

function newChoice(page, label, entries) {
  const select = newElement(page, "select", {}, ...entries.map(([value, text]) => newElement(page, "option", {value}, text)));
  return {select, node: newElement(page, "label", {}, newElement(page, "span", {}, label), select)};
}

/** Create the filter by likely cause, hidden without triage data. */
function newHintChoice(page, {kinds}) {
  const entries = kinds.map(({kind, count}) => [kind, `${kind} (${formatWhole(count)})`]);
  const choice = newChoice(page, "Likely cause", [["", "any"], ...entries]);
  choice.node.hidden = !entries.length;
  return choice;
}

/** Create the radio buttons for all, wrong or correct predictions. */
function newOutcomeChoice(page) {
  const radios = Object.entries(OUTCOME_NAMES).map(([value, text]) => {
    const input = newElement(page, "input", {type: "radio", name: "outcome", value});
    return {input, node: newElement(page, "label", {}, input, newElement(page, "span", {}, text))};
  });
  const legend = newElement(page, "legend", {}, "Prediction");
  const row = newElement(page, "div", {}, ...radios.map(({node}) => node));
  return {
    node: newElement(page, "fieldset", {class: "outcomes"}, legend, row),
    value: () => radios.find(({input}) => input.checked)?.input.value ?? "all",
    set(value) {
      for (const {input} of radios) input.checked = input.value === value;
    },
  };
}

function newLegend(page) {
  const wrong = newElement(page, "span", {class: "mark wrong"}, "✕");
  const right = newElement(page, "span", {class: "mark right"}, "✓");
  return newElement(
    page, "p", {class: "reading"}, "Under each image: ", wrong, " true class → predicted class, or ", right,
    " for a correct prediction; the probability of the true class", newGlossaryButton(page, "probability of the true class"),
    "; the number in the test split. Click an image to open it in the whole report.",
  );
}
