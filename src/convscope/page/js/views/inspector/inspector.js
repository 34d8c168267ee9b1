import {newElement, refill} from "../../dom/element.js";
import {imageTitle} from "../../dom/image-title.js";
import {predictedName} from "../../state/prediction.js";
import {startAttribution} from "../attribution/attribution.js";
import {startClassExamples} from "../attribution/class-examples.js";
import {startKernels} from "./kernels.js";
import {startNetworkGrid} from "./network-grid.js";
import {OpenUnit} from "./selected-unit.js";
import {startUnitLens} from "./unit-lens.js";
import {startUnitView} from "./unit-view.js";

/**
 * Start the inspector: network, layer, channel, unit and its arithmetic; kernels; attribution.
 *
 * Without weights in the page, the static figures stay.
 */
export function startInspector(page, session) {
  const element = page.querySelector("#inspector");
  if (!element || !session.network) return;
  element.hidden = false;
  takeAnchors(page, element);
  tellProblem(page, session);
  startInspectorTitle(page, session);
  const unit = new OpenUnit(session);
  const parts = [...element.querySelectorAll("[data-part]")];
  const hide = (name) => { parts.find(({dataset}) => dataset.part === name).hidden = true; };
  let goToUnit = () => {};
  if (!unit.open) {
    for (const name of ["network", "unit", "evidence", "classes"]) hide(name);
  } else {
    goToUnit = startUnitParts(page, session, unit);
    if (session.run.probabilities) startAttribution(page, session);
    else hide("evidence");
    if (!startClassExamples(page, session, unit)) hide("classes");
  }
  if (!startKernels(page, session, unit, goToUnit)) hide("kernels");
}

/**
 * Start the network grid and the unit view below it, which link to each other.
 *
 * @returns {(takesFocus?: boolean) => void} leads to the unit
 */
function startUnitParts(page, session, unit) {
  const [networkPart, unitPart] = ["network", "unit"].map((name) => page.querySelector(`[data-part="${name}"]`));
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const goToUnit = (takesFocus = false) => {
    unitPart.scrollIntoView({behavior, block: "start"});
    if (takesFocus) view.focus();
  };
  const leave = () => {
    const cell = networkPart.querySelector('[role="gridcell"][tabindex="0"]');
    cell?.focus({preventScroll: true});
    cell?.scrollIntoView({behavior, block: "center"});
  };
  const view = startUnitView(page, session, unit, leave);
  startNetworkGrid(page, session, unit, goToUnit);
  startUnitLens(page, session, unit);
  return goToUnit;
}

/** Move the anchors of replaced figures to the live views, so that links still work. */
function takeAnchors(page, element) {
  const figures = page.querySelectorAll("#inside .static figure[id]");
  for (const figure of figures) {
    const part = /^figure-kernels/.test(figure.id) ? "kernels" : /per_class/.test(figure.id) ? "classes" : "network";
    const anchor = newElement(page, "span", {id: figure.id});
    figure.removeAttribute("id");
    element.querySelector(`[data-part="${part}"]`).prepend(anchor);
  }
}

/** Name the layer that cannot be computed here, and the reason. */
function tellProblem(page, {network}) {
  const layer = network.layers.find(({problem}) => problem);
  const notice = page.querySelector("#inspector-problem");
  notice.hidden = !layer;
  if (layer) {
    notice.append("The layer ", newElement(page, "bdi", {}, layer.name), ` ${layer.problem}. All layers before it are shown; ` +
      "this page computes neither later layers nor the prediction.");
  }
}

/** Update the section title for the open image. */
export function startInspectorTitle(page, session) {
  const element = page.querySelector("#inside-title .finding");
  const show = () => refill(element, ...inspectorTitle(session));
  session.subscribe((_, changed) => (changed.has("open") || changed.has("run")) && show());
  show();
}

/**
 * @returns {import("../../dom/element.js").Content[]} "Activations of 16 and 32 filters for test image 7, true class 9, predicted correctly"
 */
export function inspectorTitle(session) {
  const {open, network, state, payload: {dataset: {class_names: names}}} = session;
  const filters = network.layers.filter(({kind}) => kind === "Conv2D").map(({outputShape}) => outputShape[2]);
  const title = imageTitle(open);
  const [shown, change] = [open.file === undefined ? title[0].toLowerCase() + title.slice(1) : title, state.change && ", transformed"];
  const sees = filters.length ? `Activations of ${joinedWords(filters)} filters for ${shown}` : `Activations for ${shown}`;
  const truth = open.label === null ? [] : [", true class ", {name: names[open.label]}];
  const answer = predictedName(session);
  if (!answer) return [sees, change, ...truth];
  const predicted = open.label !== null && names[open.label] === answer ? ["correctly"] : ["as ", {name: answer}];
  return [sees, change, ...truth, ", predicted ", ...predicted, state.epoch ? ` after epoch ${state.epoch}` : ""];
}

/** @param {(string | number)[]} words */
function joinedWords(words) {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}` : String(words[0]);
}
