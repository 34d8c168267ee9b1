import {newElement, refill} from "../../dom/element.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {textOn} from "../../image/color/paint.js";

/** Side of the picture in pixels of the page. */
const READER_SIDE = 336;
/** Pixels of the page per pixel of the image from which its number is written into it. */
const READABLE_SIDE = 24;
const MAX_READER_CELL = 48;

/** Return the first training image as a picture in which pointer and arrow keys read the numbers. */
export function newPixelReader(session) {
  const {payload: {first_image: {pixels, class_name: name}}, shape: {height, width, channels}} = session;
  const fit = Math.max(1, Math.floor(READER_SIDE / Math.max(height, width)));
  const canvas = newElement("canvas", {
    tabindex: "0", role: "application", "aria-roledescription": "image", "aria-describedby": "pixel-readout",
    "aria-label": `First training image, class ${name}. Arrow keys read its pixels, plus and minus zoom.`,
  });
  const zoom = newElement("input", {type: "range", min: fit, max: Math.max(fit, MAX_READER_CELL), value: fit, step: 1});
  const readout = newElement("p", {id: "pixel-readout", class: "readout", "aria-live": "polite"});
  let at = [Math.floor(height / 2), Math.floor(width / 2)];
  let cell = fit;

  /** The first row and column in sight, so that the pixel that was read last is in the middle. */
  const corner = () => [height, width].map((count, axis) => {
    const seen = Math.min(count, Math.floor(READER_SIDE / cell));
    return Math.min(count - seen, Math.max(0, at[axis] - Math.floor(seen / 2)));
  });

  function draw(top, left) {
    const {isTurned, ink} = themeColors(session);
    const [rows, columns] = [height, width].map((count) => Math.min(count, Math.floor(READER_SIDE / cell)));
    const ratio = globalThis.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [columns, rows].map((count) => Math.round(count * cell * ratio));
    [canvas.style.width, canvas.style.height] = [columns, rows].map((count) => `${count * cell}px`);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.font = `${Math.floor(cell / 2.4)}px ui-monospace, monospace`;
    [context.textAlign, context.textBaseline] = ["center", "middle"];
    for (let row = top; row < top + rows; row++) {
      for (let column = left; column < left + columns; column++) {
        const levels = pixels[row][column];
        const shown = [0, 1, 2].map((part) => levels[channels >= 3 ? part : 0]).map((level) => (isTurned ? 255 - level : level));
        const [x, y] = [(column - left) * cell, (row - top) * cell];
        context.fillStyle = `rgb(${shown.join(" ")})`;
        context.fillRect(x, y, cell, cell);
        if (cell < READABLE_SIDE || channels > 1) continue;
        context.fillStyle = textOn(shown);
        context.fillText(levels[0], x + cell / 2, y + cell / 2 + 1);
      }
    }
    context.strokeStyle = ink;
    context.lineWidth = 2;
    context.strokeRect((at[1] - left) * cell, (at[0] - top) * cell, cell, cell);
  }

  function read() {
    const [row, column] = at;
    refill(readout, newElement("strong", {}, pixels[row][column].join(", ")), ` in row ${row}, column ${column}, counted from 0`);
  }

  let shownFrom = corner();
  function show(from) {
    shownFrom = from;
    zoom.value = String(cell);
    draw(...from);
    read();
  }
  function zoomTo(wanted) {
    cell = Math.min(Math.max(fit, MAX_READER_CELL), Math.max(fit, wanted));
    show(corner());
  }
  canvas.addEventListener("pointermove", ({offsetX, offsetY}) => {
    const [row, column] = [offsetY, offsetX].map((offset, axis) => shownFrom[axis] + Math.floor(offset / cell));
    if (row < 0 || column < 0 || row >= height || column >= width) return;
    at = [row, column];
    show(shownFrom);
  });
  canvas.addEventListener("click", () => zoomTo(cell < READABLE_SIDE ? 28 : fit));
  zoom.addEventListener("input", () => zoomTo(Number(zoom.value)));
  canvas.addEventListener("keydown", (event) => {
    const [down, across] = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}[event.key] ?? [0, 0];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "-") zoomTo(event.key === "+" ? Math.max(cell + 4, READABLE_SIDE) : cell - 4);
    else if (down || across) {
      at = [Math.min(height - 1, Math.max(0, at[0] + down)), Math.min(width - 1, Math.max(0, at[1] + across))];
      show(corner());
    } else return;
    event.preventDefault();
  });
  onThemeChange(session, () => show(shownFrom));
  show(shownFrom);
  const label = newElement("label", {class: "small"}, channels > 1 ? "Zoom " : "Zoom in for the numbers ", zoom);
  return newElement("div", {class: "pixel-reader"}, newElement("div", {class: "pixel-frame"}, canvas), readout, label);
}
