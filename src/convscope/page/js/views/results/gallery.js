import {newGlossaryButton, newElement, refill, newSelect} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {startRovingFocus} from "../../dom/roving-focus.js";
import {TRIAGE_SIGNS, TRIAGE_TITLES} from "../image-details/triage.js";
import {confusedPairs} from "../../data/confusion-counts.js";
import {makeTilePages} from "./gallery-tiles.js";
import {isHighlightedImage} from "./linked-highlight.js";
import {ALL_IMAGES, ALL_MISTAKES, ORDER_NAMES, TILE_ORDERS, galleryTitle, orderedRows, printedNumber, selectedRows} from "./selection.js";

/**
 * All embedded test images, with filters and orders.
 * @typedef {object} Gallery
 * @property {HTMLElement} controls
 * @property {HTMLElement} node the tiles
 * @property {(selection: Partial<import("./selection.js").Selection>, order?: import("./selection.js").TileOrder) => void} choose
 *   what is left out is any
 * @property {(name: string) => void} markOpen
 * @property {(row: number | null, by: number) => string | null} neighbour the name of the image so many steps from that row, in
 *   the gallery's order; null where there is none
 * @property {import("./gallery-tiles.js").TilePages} tiles
 * @property {() => void} summarise after a change of epoch
 * @property {(row: number | null) => {place: number, count: number}} placeOf a row in the gallery's order; -1 where it is not
 */

/** Tiles per page. */
const GALLERY_PAGE = 60;
/** Pairs with a chip. */
const PAIRS_SHOWN = 6;
const OUTCOME_NAMES = {all: "all", wrong: "errors", right: "correct"};

/**
 * @param {{n: number, errors: number, confusion: number[][]}} options.tested `metrics.test`; the page may hold some of the images
 * @param {import("./linked-highlight.js").Lighting} options.lighting
 * @param {import("../image-details/triage.js").Triage} options.triage
 * @param {() => boolean} options.isPast whether an earlier epoch is open
 * @param {(name: string) => void} options.open
 * @param {import("./marks.js").Marks} options.marks
 * @param {HTMLElement} options.title of the figure
 * @param {() => void} options.onDraw called whenever other images are shown
 */
export function makeGallery(session, {tested, highlight, triage, isPast, open, marks, title, onDraw}) {
  const {names, images: {test: images}} = session;
  const truth = newClassChoice("True class", names);
  const predicted = newClassChoice("Predicted class", names);
  const outcome = newOutcomeChoice();
  const order = newSelect("Order", TILE_ORDERS.map((each) => [each, ORDER_NAMES[each]]));
  const reset = newElement("button", {type: "button", class: "link"}, "Reset");
  const summary = newElement("p", {class: "gallery-summary"});
  const [legend, tellNumber] = newLegend();
  const tiles = makeTilePages(session, {size: GALLERY_PAGE, label: "Test images", open, marks, onDraw});
  const start = selectedRows(images, ALL_MISTAKES).length ? ALL_MISTAKES : ALL_IMAGES;
  const chips = makeChips(chipGroups(tested.confusion, names, triage), (filter, isOn) => {
    const off = Object.fromEntries(Object.keys(filter).map((key) => [key, {...ALL_IMAGES, hint: ""}[key]]));
    gallery.choose({...selection(), ...(isOn ? filter : off), outcome: "wrong"}, order.select.value);
  });
  let hint = "";
  title.setAttribute("aria-live", "polite");
  highlight.subscribe((lit) => tiles.light((...pair) => isHighlightedImage(lit, ...pair)));

  const selection = () => ({truth: Number(truth.select.value), predicted: Number(predicted.select.value), outcome: outcome.value(), hint});
  const rowsOf = (wanted) => selectedRows(images, wanted, (row) => triage.kindOf(images.indices[row]));

  function draw() {
    const [now, printed] = [selection(), printedNumber(order.select.value)];
    tellNumber(printed);
    tiles.show(orderedRows(rowsOf(now), images, order.select.value), images, printed);
    chips.show(now, (filter) => rowsOf({...now, ...filter, outcome: "wrong"}).length);
    reset.hidden = Object.entries(start).every(([key, value]) => now[key] === value) && !hint;
    legend.hidden = !tiles.rows().length;
    summarise();
  }

  function summarise() {
    const total = {all: tested.n, wrong: tested.errors, right: tested.n - tested.errors}[outcome.value()];
    refill(title, ...galleryTitle(selection(), {count: tiles.rows().length, total}, names));
    const held = images.count < tested.n && `This file has ${formatWhole(images.count)} of the ${formatWhole(tested.n)} test images. `;
    refill(summary, held, isPast() && "These are the predictions of the last epoch.");
  }

  const choices = [truth, predicted, outcome, order].map((choice) => choice.node);
  const form = newElement("form", {class: "choices", "aria-label": "Which test images"}, ...choices, reset);
  form.addEventListener("change", () => {
    if (outcome.value() === "right") hint = ""; // correct predictions have no cause
    draw();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  reset.addEventListener("click", () => {
    gallery.choose(start, order.select.value);
    truth.select.focus();
  });

  const gallery = {
    controls: newElement("div", {}, chips.node, form, summary),
    node: newElement("div", {class: "gallery"}, tiles.node, legend),
    tiles,
    choose({truth: trueClass = -1, predicted: calledClass = -1, outcome: asked = "all", hint: cause = ""}, newOrder = "surest") {
      truth.select.value = String(trueClass);
      predicted.select.value = String(calledClass);
      outcome.set(asked);
      order.select.value = newOrder;
      hint = cause;
      draw();
    },
    markOpen: tiles.markOpen,
    summarise,
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
  gallery.choose(start);
  return gallery;
}

/** Return the chips: the most frequent pairs and the likely causes. */
function chipGroups(confusion, names, {kinds}) {
  const pairs = confusedPairs(confusion).slice(0, PAIRS_SHOWN).map(({truth, predicted}) => ({
    content: [{name: names[truth]}, " → ", {name: names[predicted]}], filter: {truth, predicted},
  }));
  const causes = kinds.map(({kind}) => ({content: [TRIAGE_SIGNS[kind], " ", TRIAGE_TITLES[kind]], filter: {hint: kind}}));
  return [{title: "Most frequent", entries: pairs}, {title: "Likely cause", entries: causes}];
}

/**
 * Create filters as toggles, each with the number of its images. All together are one tab stop.
 * @param {(filter: Partial<Selection>, isOn: boolean) => void} choose `isOn`: whether it is to hold
 */
function makeChips(groups, choose) {
  const chips = [];
  const newChip = ({content, filter}) => {
    const count = newElement("span", {class: "quiet"});
    const node = newElement("button", {type: "button", class: "chip", tabindex: -1}, newElement("span", {}, ...content), count);
    node.addEventListener("click", () => choose(filter, node.getAttribute("aria-pressed") !== "true"));
    chips.push({node, count, filter});
    return node;
  };
  const lines = groups.filter(({entries}) => entries.length).map(({title, entries}) =>
    newElement("div", {class: "chips", role: "group", "aria-label": title}, newElement("span", {class: "quiet"}, title), ...entries.map(newChip)));
  const node = newElement("div", {}, ...lines);
  startRovingFocus(node, ".chip");
  return {
    node,
    show(selection, countOf) {
      for (const chip of chips) {
        const isOn = Object.entries(chip.filter).every(([key, value]) => selection[key] === value);
        chip.node.setAttribute("aria-pressed", String(isOn));
        chip.count.textContent = ` (${formatWhole(countOf(chip.filter))})`;
      }
    },
  };
}

function newClassChoice(label, names) {
  const choice = newSelect(label, [["-1", "any"], ...names.map((name, place) => [String(place), name])]);
  choice.select.className = "of-class";
  return choice;
}

/** Create the radio buttons for all, wrong or correct predictions. */
function newOutcomeChoice() {
  const radios = Object.entries(OUTCOME_NAMES).map(([value, text]) => {
    const input = newElement("input", {type: "radio", name: "outcome", value});
    return {input, node: newElement("label", {}, input, newElement("span", {}, text))};
  });
  const legend = newElement("legend", {}, "Prediction");
  const row = newElement("div", {}, ...radios.map(({node}) => node));
  return {
    node: newElement("fieldset", {class: "outcomes"}, legend, row),
    value: () => radios.find(({input}) => input.checked)?.input.value ?? "all",
    set(value) {
      for (const {input} of radios) input.checked = input.value === value;
    },
  };
}

/** @returns {[HTMLElement, (printed: "trueProbability" | "confidence") => void]} the legend, and what names its number */
function newLegend() {
  const wrong = newElement("span", {class: "mark wrong"}, "✕");
  const right = newElement("span", {class: "mark right"}, "✓");
  const number = newElement("span");
  const node = newElement(
    "p", {class: "reading"}, "Under each image: ", wrong, " true class → predicted class, or ", right,
    " for a correct prediction; ", number, "; the number in the test split.",
  );
  const tell = (printed) => {
    const word = printed === "confidence" ? "confidence" : "probability of the true class";
    refill(number, printed === "confidence" ? "the confidence of the prediction" : "the probability of the true class", newGlossaryButton(word));
  };
  return [node, tell];
}
