import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement} from "../../dom/element.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {formatNumber} from "../../image/color/range.js";
import {sourceOfLayer} from "../../network/unit-receptive-field.js";
import {KernelGrid} from "./kernel-grid.js";
import {weightTilesOf} from "./kernel-tiles.js";

/** Maximum number of weights to draw: more would take several megapixels and seconds. */
const MAX_WEIGHTS = 3e6;

/**
 * Show the kernels of all layers with the weights of the open epoch.
 *
 * The colour range is that of the final weights, so that epochs can be compared.
 *
 * @param {import("./selected-unit.js").OpenUnit} unit
 * @param {(takesFocus: boolean) => void} goToUnit takes the reader to the unit's arithmetic
 */
export function startKernels(page, session, unit, goToUnit) {
  const element = page.querySelector("#kernel-list");
  const {layers} = session.network;
  const boards = layers.flatMap((layer, index) => {
    const tiles = weightTilesOf(session.network, index);
    if (!tiles) return [];
    if (tiles.size > MAX_WEIGHTS) {
      element.append(newElement(page, "p", {class: "quiet"}, newElement(page, "bdi", {}, layer.name),
        ` has ${formatNumber(tiles.size)} weights, too many to draw here.`));
      return [];
    }
    const readsImage = sourceOfLayer(session.network, index).index < 0;
    const kernelGrid = new KernelGrid(page, session, unit, index, tiles, {isFirst: tiles.isWindow || readsImage, goToUnit});
    element.append(kernelGrid.element);
    kernelGrid.layOut(); // before it is visible, so that the page below does not jump
    return [kernelGrid];
  });
  const extents = new Map();
  for (const kernelGrid of boards) {
    const redraw = drawWhenVisible(kernelGrid.element, () => kernelGrid.draw(themeColors(page, session), extents.get(kernelGrid.index)));
    session.subscribe((_, changed) => changed.has("network") && redraw());
    onThemeChange(session, redraw);
    unit.subscribe((change) => change === "open" && kernelGrid.mark());
    new ResizeObserver(redraw).observe(kernelGrid.element);
    kernelGrid.redraw = redraw;
    redraw();
  }
  session.networkAt(0).then((last) => {
    boards.forEach((kernelGrid) => {
      const {kernel} = last.layers[kernelGrid.index].weights;
      extents.set(kernelGrid.index, kernel.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0));
      kernelGrid.redraw();
    });
  });
  return element.childElementCount;
}
