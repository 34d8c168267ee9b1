import {ScaleLegend} from "../../dom/scale-legend.js";
import {paint} from "../../image/color/paint.js";
import {formatNumber} from "../../image/color/range.js";
import {shortNumber, stripNumbers} from "./block.js";
import {placeInBlock} from "./layout.js";

/** Minimum pixels of a map in the lens. */
const LENS_SIDE = 156;
const AWAY = 16;

/**
 * Enlarge the map under the pointer in the same colours, with the value that it points at.
 * @param {{list: HTMLElement, partAt: (element: Element) => {block: import("./layout.js").StripBlock} | undefined,
 *   scaleOf: (layer: StripLayer, tile: number) => ColorScale,
 *   onHover: (place: object | null) => void}} options
 * @returns {{follow: () => void}} to call after the strip was redrawn
 */
export function startLens(session, {list, partAt, scaleOf, onHover}) {
  const lens = document.getElementById("lens");
  const [picture, caption] = [lens.querySelector("canvas"), lens.querySelector("p")];
  const legend = new ScaleLegend();
  caption.before(legend.element);
  let hovered = null;

  const look = (place) => {
    const isSame = ["block", "tile", "row", "column"].every((key) => hovered?.[key] === place?.[key]);
    hovered = place;
    lens.hidden = !place;
    if (!isSame) onHover(place);
    if (place) show();
  };
  list.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const block = partAt(event.target)?.block;
    const {left, top} = event.target.getBoundingClientRect();
    const place = block?.layer.name ? placeInBlock(block, event.clientX - left, event.clientY - top) : null;
    look(place && {...place, block});
    if (place) moveBeside(event.clientX, event.clientY);
  });
  list.addEventListener("pointerleave", () => look(null));
  addEventListener("scroll", () => look(null), {passive: true});
  return {follow: () => hovered && show()};

  function show() {
    const {block: {layer, count}, tile, row, column} = hovered;
    const {name, shape} = layer;
    const [{data}, scale] = [stripNumbers(session, layer), scaleOf(layer, tile)];
    const [height, width] = shape.length === 3 ? shape : [1, 1];
    picture.hidden = shape.length !== 3;
    if (shape.length === 3) {
      [picture.width, picture.height] = [width, height];
      const times = Math.max(1, Math.round(LENS_SIDE / Math.max(height, width)));
      [picture.style.width, picture.style.height] = [`${times * width}px`, `${times * height}px`];
      const context = picture.getContext("2d");
      const pixels = context.createImageData(width, height);
      paint(data, scale, pixels.data, {start: tile, step: count, count: height * width});
      context.putImageData(pixels, 0, 0);
    }
    legend.show(scale, shortNumber);
    const value = formatNumber(data[shape.length === 3 ? (row * width + column) * count + tile : tile]);
    caption.textContent = shape.length === 3
      ? `${name}, map ${tile}, row ${row}, column ${column}: ${value}`
      : `${name}, unit ${tile}: ${value}`;
  }

  /** Move the lens next to the pointer, on the side with enough space. */
  function moveBeside(x, y) {
    const {width, height} = lens.getBoundingClientRect();
    const left = x + AWAY + width < innerWidth ? x + AWAY : x - AWAY - width;
    const top = Math.min(Math.max(8, y - height / 2), innerHeight - height - 8);
    lens.style.transform = `translate(${Math.round(Math.max(8, left))}px, ${Math.round(top)}px)`;
  }
}
