import {newShape} from "../../dom/element.js";
import {tileCorner} from "../../dom/tiles.js";

/** Links between the blocks of the layer strip, and from the last one to the bars of the classes. */

/** Ribbons of a class or a unit, at most; the others are too thin to see. */
const MAX_RIBBONS = 40;
/** Pixels of the widest. */
const WIDEST = 9;

/**
 * @param {HTMLElement} place below the whole strip
 * @param {HTMLElement[]} faces of the blocks, then the bars
 */
export function drawConnectors(place, faces) {
  const ground = place.getBoundingClientRect();
  const edges = faces.map((face) => face.getBoundingClientRect());
  const connectors = newShape("svg", {width: ground.width, height: ground.height, "aria-hidden": "true"}, newShape("g"));
  edges.slice(1).forEach((to, before) => {
    const from = edges[before];
    if (to.left < from.right) return; // begins another line
    const corners = [[from.right, from.top], [to.left, to.top], [to.left, to.bottom], [from.right, from.bottom]];
    const points = corners.map(([x, y]) => `${x - ground.left},${y - ground.top}`).join(" ");
    connectors.prepend(newShape("polygon", {points}));
  });
  place.replaceChildren(connectors);
}

/**
 * Draw ribbons from tiles of the last block to bars, as wide as |weight × activation|.
 *
 * @param {HTMLElement} place that of the connectors
 * @param {{block: import("./layout.js").StripBlock, face: HTMLElement} | null} last null for none
 * @param {{tile: number, bar: Element, value: number}[]} [ribbons]
 */
export function drawRibbons(place, last, ribbons = []) {
  const group = place.querySelector("g");
  if (!group || (!last && !group.firstChild)) return;
  group.replaceChildren();
  if (!last) return;
  const shown = ribbons.filter(({value}) => value).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, MAX_RIBBONS);
  const [ground, face] = [place, last.face].map((each) => each.getBoundingClientRect());
  for (const {tile, bar, value} of shown) {
    const {left, top, height} = bar.getBoundingClientRect();
    if (left < face.right) return; // the bars stand elsewhere
    const corner = tileCorner(last.block, tile);
    const [x, y] = [face.left - ground.left + corner.left + last.block.columns, face.top - ground.top + corner.top + last.block.rows / 2];
    const [endX, endY] = [left - ground.left - 4, top - ground.top + height / 2];
    const middle = (x + endX) / 2;
    const width = Math.max(0.5, (WIDEST * Math.abs(value)) / Math.abs(shown[0].value));
    const d = `M${x} ${y}C${middle} ${y} ${middle} ${endY} ${endX} ${endY}`;
    group.append(newShape("path", {d, "stroke-width": width.toFixed(2), class: value > 0 ? "more" : "less"}));
  }
}
