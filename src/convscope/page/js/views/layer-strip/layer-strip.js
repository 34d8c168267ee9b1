import {startColorScaleSelect} from "../../dom/page-behaviour.js";
import {startRovingFocus} from "../../dom/roving-focus.js";
import {signedLayers} from "../../dom/signed-layers.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {SEQUENTIAL_TABLE} from "../../image/color/colormaps.js";
import {receptiveField} from "../../network/receptive-field.js";
import {makeBlock, shortNumber, stripNumbers, stripRanges} from "./block.js";
import {PRODUCTS, layOutBlocks, stripLayers} from "./layout.js";
import {startLens} from "./lens.js";
import {drawConnectors, drawRibbons, contributionsOf, linkedTiles} from "./links.js";

/** Sizes at 16 pixels to the rem: gap between two blocks, width and height of a label, least height of the maps. */
const [BETWEEN, NARROWEST, HEAD, LOWEST] = [16, 68, 84, 200];
/** What stands above and below the maps, and has no counterpart beside the pad. */
const OTHER_HEIGHT = 52;
/** In present mode: the labels, which have names only, and the epochs below the maps; width of such a label. */
const [PRESENT_HEIGHT, NARROWEST_PRESENT] = [150, 44];

/**
 * Start the layer strip: all channels of all layers for the open image, up to the bars of the classes.
 *
 * It is drawn with the run, without delay, so that it follows the user's hand.
 */
export function startLayerStrip(session) {
  const [box, list, links, pad, field, bars] = ["layer-strip", "layer-list", "layer-links", "pad", "pad-field", "prediction-bars"]
    .map((id) => document.getElementById(id));
  const layers = session.network ? stripLayers(session.network) : [];
  const signed = session.network ? signedLayers(session.network) : [];
  let [parts, ranges, isSeen, hovered, pointed] = [[], {}, true, null, -1];
  let [colors, accent] = [null, ""];
  const refreshFocus = startRovingFocus(list, "button");

  function build() {
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const isPresenting = document.documentElement.classList.contains("is-presenting");
    const beside = isPresenting ? innerHeight - box.getBoundingClientRect().top - scrollY - PRESENT_HEIGHT * unit : pad.clientHeight - OTHER_HEIGHT * unit;
    const height = Math.max(LOWEST * unit, beside);
    const [between, narrowest, head] = [BETWEEN, isPresenting ? NARROWEST_PRESENT : NARROWEST, HEAD].map((size) => size * unit);
    const {blocks, perLine} = layOutBlocks(layers, {width: box.clientWidth - 4, height, between, narrowest, head, unit});
    parts = blocks.map((block) => makeBlock(session, block));
    list.style.gridTemplateColumns = `repeat(${perLine}, max-content)`;
    list.replaceChildren(...parts.map(({item}) => item));
    refreshFocus();
    drawConnectors(links, [...parts.map(({face}) => face), bars]);
    draw();
  }

  /** Numbers with a sign have colours of their own. */
  function tableOf({name, kind}) {
    const hasSign = kind === PRODUCTS || signed[session.network.layers.findIndex((layer) => layer.name === name)];
    return hasSign ? colors.signed : SEQUENTIAL_TABLE;
  }

  function draw() {
    if (!isSeen || !session.run) return;
    ranges = stripRanges(session, layers, signed, session.state.scale);
    const at = hovered ? parts.findIndex(({block}) => block === hovered.block) : -1;
    const lit = at < 0 ? [] : linkedTiles(session.network, parts.map(({block}) => block), at, hovered.tile);
    for (const [place, part] of parts.entries()) {
      if (part.block.layer.kind === "Input") part.painter.paintInput(session);
      else drawMaps(part);
      if (lit.length) part.painter.dim(lit[place], colors.ground);
      const marked = markedTile(part.block, session.state, hovered);
      if (marked >= 0) part.painter.mark(marked, accent);
    }
    showField();
    showRibbons(at);
  }

  function drawMaps({block: {layer}, painter, legend}) {
    const scales = scalesOf(layer);
    painter.paintMaps(stripNumbers(session, layer).data, (channel) => scales[Math.min(channel, scales.length - 1)]);
    if (session.state.scale === "channel" && scales.length > 1) legend.showWords(scales[0].table, ["least", "most"]);
    else legend.show(scales[0], shortNumber);
  }

  /** Mark the pixels that can change the unit pointed at: on the input, and on the pad where that shows the same pixels. */
  function showField() {
    const box = hovered && fieldOf(hovered);
    if (box) parts[0].painter.frame(box, accent);
    field.hidden = !box || box.bottom < box.top || !["test", "train"].includes(session.open.source);
    if (field.hidden) return;
    const [height, width] = session.network.inputShape;
    const share = (from, to, all) => [`${(100 * from) / all}%`, `${(100 * (to - from + 1)) / all}%`];
    [field.style.left, field.style.width] = share(box.left, box.right, width);
    [field.style.top, field.style.height] = share(box.top, box.bottom, height);
  }

  function fieldOf({block: {layer}, tile, row, column}) {
    if (layer.kind === PRODUCTS) return {top: row, bottom: row, left: column, right: column};
    return receptiveField(session.network, layer.name, layer.shape.length === 3 ? [row, column] : [tile]);
  }

  /** Show what the tiles of the last block say for the class pointed at, or one tile for every class. */
  function showRibbons(at) {
    const last = parts[parts.length - 1];
    const target = pointed >= 0 ? pointed : session.state.target;
    const isLast = at === parts.length - 1 && at > 0;
    const value = (isLast || target >= 0) && parts.length > 1 && session.run.probabilities
      ? contributionsOf(session.network, last.block, stripNumbers(session, last.block.layer).data) : null;
    if (!value) return drawRibbons(links, null);
    const rows = [...bars.querySelectorAll("li:not([hidden]) button")].filter(({dataset}) => isLast || Number(dataset.class) === target);
    const tiles = isLast ? [hovered.tile] : [...Array(last.block.count).keys()];
    return drawRibbons(links, last, rows.flatMap((bar) => tiles.map((tile) => ({tile, bar, value: value(tile, Number(bar.dataset.class))}))));
  }

  /** One for each channel, or one for all units. */
  function scalesOf(layer) {
    const table = tableOf(layer);
    return ranges[layer.name].map((range) => ({...range, table}));
  }

  function dress() {
    [colors, accent] = [themeColors(session), getComputedStyle(box).getPropertyValue("--accent")];
    draw();
  }

  function pointAt(event) {
    const place = Number(event.target.closest?.("button[data-class]")?.dataset.class ?? -1);
    if (place === pointed) return;
    pointed = place;
    draw();
  }

  document.getElementById("layer-strip-scale").hidden = layers.length < 2;
  startColorScaleSelect(session, "layer-strip-scale");
  onThemeChange(session, dress);
  dress();
  for (const type of ["pointerover", "pointerout", "focusin", "focusout"]) {
    bars.addEventListener(type, (event) => pointAt(type.endsWith("out") ? {target: bars} : event));
  }
  let size = "";
  const resized = new ResizeObserver(() => {
    const now = `${box.clientWidth} ${pad.clientHeight} ${innerWidth}`;
    if (!box.clientWidth || now === size) return;
    size = now;
    build();
  });
  for (const each of [box, pad]) resized.observe(each);
  new IntersectionObserver((entries) => {
    isSeen = entries[entries.length - 1].isIntersecting;
    draw();
  }).observe(box);
  const lens = startLens(session, {
    list,
    partAt: (element) => parts.find(({canvas}) => canvas === element),
    scaleOf: (layer, tile) => scalesOf(layer)[Math.min(tile, ranges[layer.name].length - 1)],
    onHover(place) {
      hovered = place;
      draw();
    },
  });
  session.subscribe((_, changed) => {
    if (!["run", "layer", "unit", "scale", "target"].some((key) => changed.has(key))) return;
    if (changed.has("target") && session.state.target < 0) pointed = -1; // the focus stays on its bar
    draw();
    lens.follow();
  });
}

/** Return the tile to outline: under the pointer, or that of the open unit. */
function markedTile(block, {layer, unit}, hovered) {
  if (hovered?.block === block) return hovered.tile;
  if (layer !== block.layer.name || unit === "") return -1;
  const tile = Number(unit.split(".").pop());
  return tile < block.count ? tile : -1;
}
