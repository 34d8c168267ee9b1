import {newShape} from "../element.js";

/**
 * A frame with two axes, into which views draw.
 * @typedef {{place: (value: number) => number, ticks: {value: number, text: string}[], name?: string}} PlotAxis `place`: 0 at the
 *   left or at the bottom, 1 at the other end
 * @typedef {object} Plot
 * @property {SVGElement} node
 * @property {(value: number) => number} x in units of the drawing
 * @property {(value: number) => number} y
 * @property {SVGElement} marks where the view draws
 * @property {{left: number, right: number, top: number, bottom: number}} inset of the area of the data, as shares of the drawing
 */

/** Room for the labels of both axes. */
const PLOT_MARGIN = {top: 26, right: 22, bottom: 40, left: 52};

/**
 * @param {{width: number, height: number, label: string, horizontal: PlotAxis, vertical: PlotAxis, margin?: typeof PLOT_MARGIN}} options
 */
export function makePlot({width, height, label, horizontal, vertical, margin = PLOT_MARGIN}) {
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const x = (value) => margin.left + horizontal.place(value) * (right - margin.left);
  const y = (value) => bottom - Math.min(1, Math.max(0, vertical.place(value))) * (bottom - margin.top);
  const text = (attributes, content) => newShape("text", {class: "tick", ...attributes}, content);
  const marks = newShape("g");
  const node = newShape(
    "svg", {class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label},
    ...vertical.ticks.flatMap(({value, text: written}) => [
      newShape("line", {class: "grid", x1: margin.left, x2: right, y1: y(value), y2: y(value)}),
      text({x: margin.left - 8, y: y(value) + 4, "text-anchor": "end"}, written),
    ]),
    ...horizontal.ticks.map(({value, text: written}) => text({x: x(value), y: bottom + 17, "text-anchor": "middle"}, written)),
    vertical.name && text({x: 0, y: 12}, vertical.name),
    horizontal.name && text({x: right, y: bottom + 34, "text-anchor": "end"}, horizontal.name), marks,
  );
  const inset = {left: margin.left / width, right: margin.right / width, top: margin.top / height, bottom: margin.bottom / height};
  return {node, x, y, marks, inset};
}
