import {startColorScaleSelect} from "../../dom/color-scale-select.js";
import {signedLayers} from "../../dom/signed-layers.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {SEQUENTIAL_TABLE} from "../../image/color/colormaps.js";
import {drawConnectors, makeBlock} from "./block.js";
import {PRODUCTS, layOutBlocks, stripLayers} from "./layout.js";
import {startLens} from "./lens.js";
import {stripNumbers, stripRanges} from "./paint.js";

/** Pixels: gap between two blocks, height of a label, maximum height of a block, so that all of it fits the window. */
const [BETWEEN, NARROWEST, HIGHEST, LOWEST] = [16, 68, 440, 330];
/** Height of the text above and below the strip. */
const OTHER_HEIGHT = 360;

/**
 * Start the layer strip: all channels of all layers for the open image.
 *
 * It is drawn with the run, without delay, so that it follows the user's hand.
 *
 * @param {boolean} isInk whether images are bright strokes on nothing
 */
export function startLayerStrip(page, session, isInk) {
  const box = page.getElementById("layer-strip");
  const list = page.getElementById("layer-list");
  const layers = session.network ? stripLayers(session.network) : [];
  const signed = session.network ? signedLayers(session.network) : [];
  let [parts, ranges, isSeen, hovered] = [[], {}, true, null];
  let [colors, accent] = [null, ""];

  function build() {
    const height = Math.min(HIGHEST, Math.max(LOWEST, innerHeight - OTHER_HEIGHT));
    const blocks = layOutBlocks(layers, {width: box.clientWidth - 4, height, between: BETWEEN, narrowest: NARROWEST});
    parts = blocks.map((block) => makeBlock(page, session, block, isInk));
    list.replaceChildren(...parts.map(({item}) => item));
    draw();
    drawConnectors(page, page.getElementById("layer-links"), parts.map(({face}) => face));
  }

  /** Numbers with a sign have colours of their own. */
  function tableOf({name, kind}) {
    const hasSign = kind === PRODUCTS || signed[session.network.layers.findIndex((layer) => layer.name === name)];
    return hasSign ? colors.signed : SEQUENTIAL_TABLE;
  }

  function draw() {
    if (!isSeen || !session.run) return;
    ranges = stripRanges(session, layers, signed, session.state.scale);
    for (const part of parts) {
      if (part.block.layer.kind === "Input") part.painter.paintPicture(session.open.pixels, isInk);
      else drawMaps(part);
      const marked = markedTile(part.block, session.state, hovered);
      if (marked >= 0) part.painter.mark(marked, accent);
    }
  }

  function drawMaps({block: {layer}, painter, showRange}) {
    const scales = scalesOf(layer);
    painter.paintMaps(stripNumbers(session, layer).data, (channel) => scales[Math.min(channel, scales.length - 1)]);
    showRange(session.state.scale === "channel" && scales.length > 1 ? null : scales[0], scales[0].table);
  }

  /** One for each channel, or one for all units. */
  function scalesOf(layer) {
    const table = tableOf(layer);
    return ranges[layer.name].map((range) => ({...range, table}));
  }

  function dress() {
    [colors, accent] = [themeColors(page, session), getComputedStyle(box).getPropertyValue("--accent")];
    draw();
  }

  page.getElementById("layer-strip-scale").hidden = layers.length < 2;
  startColorScaleSelect(page, session, "layer-strip-scale");
  onThemeChange(session, dress);
  dress();
  new ResizeObserver(() => box.clientWidth && build()).observe(box);
  new IntersectionObserver((entries) => {
    isSeen = entries[entries.length - 1].isIntersecting;
    draw();
  }).observe(box);
  const lens = startLens(page, session, {
    list,
    partAt: (element) => parts.find(({canvas}) => canvas === element),
    scaleOf: (layer, tile) => scalesOf(layer)[Math.min(tile, ranges[layer.name].length - 1)],
    onHover(place) {
      hovered = place;
      draw();
    },
  });
  session.subscribe((_, changed) => {
    if (!["run", "layer", "unit", "scale"].some((key) => changed.has(key))) return;
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
