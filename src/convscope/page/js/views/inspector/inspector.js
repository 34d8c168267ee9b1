import {startColorScaleSelect} from "../../dom/page-behaviour.js";
import {newElement} from "../../dom/element.js";
import {drawWhenVisible} from "../../dom/scheduling.js";
import {LayerScales, signedLayers} from "../../dom/signed-layers.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {Crumbs} from "./crumbs.js";
import {LayerView, showLayerTitle} from "./layer-view.js";
import {OpenUnit} from "./selected-unit.js";
import {UnitView} from "./unit-view.js";

/** Milliseconds in which the panel grows from the block of its layer. */
const GROWTH = 250;

/**
 * Start the panel that opens in place of the layer strip: a layer, or one unit and its arithmetic, by the page's state.
 *
 * Without weights in the page, the static figures stay.
 */
export function startInspector(session) {
  const panel = document.querySelector("#inside-panel");
  const unit = session.network && new OpenUnit(session);
  if (!panel || !unit?.computed.length) return;
  const signed = signedLayers(session.network);
  const title = document.querySelector("#inside-panel-title");
  const crumbs = new Crumbs(session, unit);
  panel.prepend(crumbs.element);
  const redraw = drawWhenVisible(panel, () => draw(false));
  const layerView = new LayerView(session, unit);
  const unitView = new UnitView(session, unit, redraw);
  tellProblem(session);
  startColorScaleSelect(session, "inside-scale");
  const focus = keepFocus(panel, session, {layer: () => layerView.focus(left.index === unit.index ? left.channel : -1), unit: () => unitView.focus()});
  let [level, shown, left] = ["", -1, {index: -1, channel: -1}];

  /** Follow the state: open, change or close. */
  function show() {
    const [before, next] = [level, unit.index < 0 ? "" : unit.open ? "unit" : "layer"];
    level = next;
    const block = before ? null : stripBlockOf(session)?.getBoundingClientRect();
    if (next) focus.leave(before);
    document.querySelector("#stage").classList.toggle("has-inside", next !== "");
    panel.hidden = !next;
    layerView.element.hidden = next !== "layer";
    unitView.element.hidden = next !== "unit";
    if (next) {
      const layer = session.network.layers[unit.index];
      showLayerTitle(title, layer, next === "unit");
      draw(true);
      crumbs.mark(); // once they have their width
      const isFirst = shown < 0 && scrollY === 0 && !session.state.place;
      if ((isFirst || focus.isReady()) && (before !== next || shown !== unit.index)) bringIntoSight(panel, title);
      if (block && !before) grow(panel, block);
    }
    shown = unit.index;
    if (before !== next) focus.enter(next);
  }

  /** @param {boolean} isNew whether the layer or the image is another one */
  function draw(isNew) {
    if (unit.index < 0) return;
    const scales = new LayerScales(session, signed, themeColors(session));
    crumbs.draw(scales);
    if (unit.open) {
      left = {index: unit.index, channel: unit.open.place.at(-1)};
      unitView.draw(scales);
    } else {
      layerView.scales = scales;
      if (layerView.index !== unit.index) layerView.open(unit.index);
      else layerView.draw(isNew);
    }
  }

  session.subscribe((_, changed) => {
    if (["ink", "image", "network", "target"].some((key) => changed.has(key))) draw(true);
    else if (changed.has("run") || changed.has("scale")) redraw();
    if (changed.has("network") && layerView.index >= 0 && !unit.open) layerView.paintWeights();
  });
  onThemeChange(session, () => {
    draw(false);
    layerView.paintWeights();
  });
  unit.subscribe(() => (unit.isPlaying ? redraw() : show()));
  let width = 0;
  new ResizeObserver(([{contentRect}]) => {
    if (!contentRect.width || contentRect.width === width || layerView.index < 0) return;
    width = contentRect.width;
    layerView.layOut();
    draw(false);
    layerView.paintWeights();
  }).observe(panel);
  show();
  takeAnchors(session, unit);
  focus.begin();
}

/** Return the block of the open layer in the strip. */
function stripBlockOf({state: {layer}}) {
  return [...document.querySelectorAll("#layer-list button")].find((button) => button.dataset.layer === layer);
}

/** Scroll to the panel where its title is outside of the window, as on a phone. */
function bringIntoSight(panel, title) {
  const {top, bottom} = title.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) panel.scrollIntoView({behavior: "instant", block: "start"});
}

/** Let the panel grow out of a block. */
function grow(panel, from) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || !panel.animate) return;
  const to = panel.getBoundingClientRect();
  const start = `translate(${from.left - to.left}px, ${from.top - to.top}px) scale(${from.width / to.width}, ${from.height / to.height})`;
  panel.animate([{transform: start, opacity: 0.4}, {transform: "none", opacity: 1}], {duration: GROWTH, easing: "ease-out"});
}

/** Move the focus into the panel and from level to level, and back to what opened it. */
function keepFocus(panel, session, views) {
  let [opener, layer, isReady] = [null, "", false];
  return {
    /** Before the panel hides the strip. */
    leave(before) {
      if (!before) opener = document.activeElement;
      ({layer} = session.state);
    },
    enter(next) {
      if (!isReady) return;
      if (next) views[next]();
      else {
        const isThere = () => opener?.isConnected && opener !== document.body && !panel.contains(opener);
        const goBack = () => (isThere() ? opener : stripBlockOf({state: {layer}}))?.focus({preventScroll: true});
        goBack();
        // The strip may be built anew when it comes back into sight.
        requestAnimationFrame(() => requestAnimationFrame(() => document.activeElement === document.body && goBack()));
      }
    },
    /** From now on: a page that opens with a panel does not take the focus. */
    begin() {
      isReady = true;
    },
    isReady: () => isReady,
  };
}

/** Let the anchors of the section and of its figures open the panel. */
function takeAnchors(session, unit) {
  const section = document.querySelector("#inside");
  section.classList.add("is-in-panel");
  const figures = [...section.querySelectorAll(".static figure[id]")].map(({id}) => id);
  const follow = () => {
    const {place} = session.state;
    if (place !== "inside" && !figures.includes(place)) return;
    const named = unit.computed.filter(({name}) => place.endsWith(name));
    const layer = named[0] ?? unit.computed.find(({weights}) => weights.kernel) ?? unit.computed[0];
    session.set({place: "", layer: session.state.layer || layer.name});
    section.scrollIntoView({behavior: "instant"});
  };
  session.subscribe((_, changed) => changed.has("place") && follow());
  follow();
}

/** Name the layer that cannot be computed here, and the reason. */
function tellProblem({network}) {
  const layer = network.layers.find(({problem}) => problem);
  const notice = document.querySelector("#inspector-problem");
  notice.hidden = !layer;
  if (layer) {
    notice.append("The layer ", newElement("bdi", {}, layer.name), ` ${layer.problem}. All layers before it are shown; ` +
      "this page computes neither later layers nor the prediction.");
  }
}
