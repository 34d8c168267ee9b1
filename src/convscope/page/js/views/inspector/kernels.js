import {drawWhenSeen} from "../../dom/draw-when-visible.js";
import {newNode} from "../../dom/element.js";
import {onNewPaper, paperOf} from "../../dom/theme-colors.js";
import {formatNumber} from "../../image/color/range.js";
import {sourceOfLayer} from "../../network/unit-receptive-field.js";
import {KernelBoard} from "./kernel-grid.js";
import {weightTilesOf} from "./kernel-tiles.js";

/** Weights of a layer that are drawn at most: more would be a picture of some megapixels, and take seconds. */
const MOST_WEIGHTS = 3e6;

/**
 * All kernels of all layers that have some, with the weights of the open epoch. Their colours go as far as the weights of
 * the end do, so that the epochs can be compared.
 *
 * @param {Document} page
 * @param {import("../../state/session.js").Live} live
 * @param {import("./selected-unit.js").OpenUnit} unit
 * @param {(takesFocus: boolean) => void} goToUnit takes the reader to the unit's arithmetic
 */
export function startKernelWall(page, live, unit, goToUnit) {
  const element = page.querySelector("#kernel-wall");
  const {layers} = live.network;
  const boards = layers.flatMap((layer, index) => {
    const tiles = weightTilesOf(live.network, index);
    if (!tiles) return [];
    if (tiles.size > MOST_WEIGHTS) {
      element.append(newNode(page, "p", {class: "quiet"}, newNode(page, "bdi", {}, layer.name),
        ` has ${formatNumber(tiles.size)} weights, too many for a picture here.`));
      return [];
    }
    const readsImage = sourceOfLayer(live.network, index).index < 0;
    const board = new KernelBoard(page, live, unit, index, tiles, {isFirst: tiles.isWindow || readsImage, goToUnit});
    element.append(board.element);
    board.layOut(); // before it is seen, so that the page below does not jump
    return [board];
  });
  const extents = new Map();
  for (const board of boards) {
    const redraw = drawWhenSeen(board.element, () => board.draw(paperOf(page, live), extents.get(board.index)));
    live.subscribe((_, changed) => changed.has("network") && redraw());
    onNewPaper(live, redraw);
    unit.subscribe((change) => change === "open" && board.mark());
    new ResizeObserver(redraw).observe(board.element);
    board.redraw = redraw;
    redraw();
  }
  live.networkAt(0).then((last) => {
    boards.forEach((board) => {
      const {kernel} = last.layers[board.index].weights;
      extents.set(board.index, kernel.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0));
      board.redraw();
    });
  });
  return element.childElementCount;
}
