import {startClassEvidence} from "./class-evidence.js";
import {startClassRows} from "./class-rows.js";
import {startKernelWall} from "./kernel-wall.js";
import {startNetworkWall} from "./network-wall.js";
import {newNode, namedNode} from "./node.js";
import {OpenUnit} from "./open-unit.js";
import {startInsidesTitle} from "./title.js";
import {startUnitLens} from "./unit-lens.js";
import {startUnitView} from "./unit-view.js";

/**
 * The section "What happens inside", live: the network, a layer, a channel, a unit, its arithmetic; the kernels; what speaks
 * for a class. Where the page has no weights, the figures that Python drew stay.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 */
export function startInsides(page, live) {
  const element = page.querySelector("#insides");
  if (!element || !live.network) return;
  element.hidden = false;
  takeAnchors(page, element);
  tellProblem(page, live);
  startInsidesTitle(page, live);
  const unit = new OpenUnit(live);
  const parts = [...element.querySelectorAll("[data-part]")];
  const hide = (name) => { parts.find(({dataset}) => dataset.part === name).hidden = true; };
  let goToUnit = () => {};
  if (!unit.open) {
    for (const name of ["network", "unit", "evidence", "classes"]) hide(name);
  } else {
    goToUnit = startUnitParts(page, live, unit);
    if (live.run.probabilities) startClassEvidence(page, live);
    else hide("evidence");
    if (!startClassRows(page, live, unit)) hide("classes");
  }
  if (!startKernelWall(page, live, unit, goToUnit)) hide("kernels");
}

/** The wall and the unit below it, which lead to each other. @returns {(takesFocus?: boolean) => void} leads to the unit */
function startUnitParts(page, live, unit) {
  const [wallPart, unitPart] = ["network", "unit"].map((name) => page.querySelector(`[data-part="${name}"]`));
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const goToUnit = (takesFocus = false) => {
    unitPart.scrollIntoView({behavior, block: "start"});
    if (takesFocus) view.focus();
  };
  const leave = () => {
    const cell = wallPart.querySelector('[role="gridcell"][tabindex="0"]');
    cell?.focus({preventScroll: true});
    cell?.scrollIntoView({behavior, block: "center"});
  };
  const view = startUnitView(page, live, unit, leave);
  startNetworkWall(page, live, unit, goToUnit);
  startUnitLens(page, live, unit);
  return goToUnit;
}

/** Links to figures that the live views stand in for lead to these. */
function takeAnchors(page, element) {
  const figures = page.querySelectorAll("#inside .static figure[id]");
  for (const figure of figures) {
    const part = /^figure-kernels/.test(figure.id) ? "kernels" : /per_class/.test(figure.id) ? "classes" : "network";
    const anchor = newNode(page, "span", {id: figure.id});
    figure.removeAttribute("id");
    element.querySelector(`[data-part="${part}"]`).prepend(anchor);
  }
}

/** A layer that cannot be computed here is named, with the reason. */
function tellProblem(page, {network}) {
  const layer = network.layers.find(({problem}) => problem);
  const notice = page.querySelector("#insides-problem");
  notice.hidden = !layer;
  if (layer) {
    notice.append("The layer ", namedNode(page, layer.name), ` ${layer.problem}. All layers before it are shown; ` +
      "what comes after it, and the answer, is not computed on this page.");
  }
}
