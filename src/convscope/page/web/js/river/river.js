import {SEQUENTIAL_TABLE} from "../image/tables.js";
import {onNewPaper, paperOf} from "../drawing/paper.js";
import {signedLayers} from "../drawing/signs.js";
import {layRiver, PRODUCTS, riverLayers} from "./layout.js";
import {startLens} from "./lens.js";
import {riverNumbers, riverRanges} from "./numbers.js";
import {layBed, makeRiverPart} from "./part.js";

/** In pixels: the room between two blocks, what a label needs, and how high a block may be; the latter in a low window. */
const [BETWEEN, NARROWEST, HIGHEST, LOWEST] = [16, 68, 440, 330];
const LOW_WINDOW = 640;

/**
 * The whole network as one picture: from the input through every channel of every layer, for the open image. It is drawn
 * with the run, at once, so that it moves with the hand.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 * @param {boolean} isInk whether images are bright strokes on nothing
 */
export function startRiver(page, live, isInk) {
  const box = page.getElementById("river");
  const list = page.getElementById("river-layers");
  const layers = live.network ? riverLayers(live.network) : [];
  const signed = live.network ? signedLayers(live.network) : [];
  let [parts, mode, isSeen, hovered] = [[], "layer", true, null];
  let [paper, accent] = [null, ""];

  function build() {
    const height = innerHeight < LOW_WINDOW ? LOWEST : HIGHEST;
    const blocks = layRiver(layers, {width: box.clientWidth - 4, height, between: BETWEEN, narrowest: NARROWEST});
    parts = blocks.map((block) => makeRiverPart(page, live, block, isInk));
    list.replaceChildren(...parts.map(({item}) => item));
    draw();
    layBed(page, page.getElementById("river-bed"), parts.map(({face}) => face));
  }

  /** Numbers with a sign have colours of their own. */
  function tableOf({name, kind}) {
    const hasSign = kind === PRODUCTS || signed[live.network.layers.findIndex((layer) => layer.name === name)];
    return hasSign ? paper.signed : SEQUENTIAL_TABLE;
  }

  function draw() {
    if (!isSeen || !live.run) return;
    const ranges = riverRanges(live, layers, signed, mode);
    for (const part of parts) {
      if (part.block.layer.kind === "Input") part.painter.paintPicture(live.open.pixels, isInk);
      else drawMaps(part, ranges[part.block.layer.name]);
      const marked = markedTile(part.block, live.state, hovered);
      if (marked >= 0) part.painter.mark(marked, accent);
    }
  }

  function drawMaps({block: {layer}, painter, showRange}, ranges) {
    const table = tableOf(layer);
    const scales = ranges.map((range) => ({...range, table}));
    painter.paintMaps(riverNumbers(live, layer).data, (channel) => scales[Math.min(channel, scales.length - 1)]);
    showRange(mode === "channel" ? null : ranges[0], table);
  }

  function dress() {
    [paper, accent] = [paperOf(page, live), getComputedStyle(box).getPropertyValue("--accent")];
    draw();
  }

  page.getElementById("river-scales").hidden = layers.length < 2;
  for (const radio of page.querySelectorAll("[name=river-scale]")) {
    radio.addEventListener("change", () => {
      mode = radio.value;
      draw();
    });
  }
  onNewPaper(live, dress);
  dress();
  new ResizeObserver(() => box.clientWidth && build()).observe(box);
  new IntersectionObserver((entries) => {
    isSeen = entries[entries.length - 1].isIntersecting;
    draw();
  }).observe(box);
  startLens(page, live, {
    list,
    partAt: (element) => parts.find(({canvas}) => canvas === element),
    tableOf,
    onHover(place) {
      hovered = place;
      draw();
    },
  });
  live.subscribe((_, changed) => {
    if (changed.has("run") || changed.has("layer") || changed.has("unit")) draw();
  });
}

/** The tile to frame: under the pointer, or that of the open unit. */
function markedTile(block, {layer, unit}, hovered) {
  if (hovered?.block === block) return hovered.tile;
  if (layer !== block.layer.name || unit === "") return -1;
  const tile = Number(unit.split(".").pop());
  return tile < block.count ? tile : -1;
}
