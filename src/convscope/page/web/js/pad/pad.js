import {startBrushKeys} from "./brush-keys.js";
import {startStrokes} from "./strokes.js";
import {paintOpenImage} from "./showing.js";

/**
 * The pad: what is open, drawn large, and a hand to draw on it.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 * @param {import("./hand.js").Hand} hand
 * @param {boolean} isInk whether images of this set are bright strokes on nothing
 */
export function startPad(page, live, hand, isInk) {
  const canvas = page.getElementById("pad");
  const {making: {padHeight, padWidth, radius, way}} = hand;
  const size = page.getElementById("brush-size"); // not there, nor the brush's buttons, where there is no drawing
  const mark = page.getElementById("brush");
  const canDraw = size !== null && way !== "colour";
  [canvas.width, canvas.height] = [padWidth, padHeight];
  canvas.style.aspectRatio = `${padWidth} / ${padHeight}`;

  const draw = () => {
    canvas.classList.toggle("inked", live.open.source === "drawing" || (isInk && live.open.source !== "picture"));
    paintOpenImage(page, canvas, live, hand, isInk);
  };
  if (canDraw) startDrawing();
  live.subscribe((_, changed) => changed.has("open") && draw());
  draw();

  function startDrawing() {
    size.min = String(Math.max(2, Math.round(radius / 3)));
    size.max = String(3 * radius);
    size.value = String(radius);
    const options = {radius: () => Number(size.value), onInk: hand.show};
    startStrokes(canvas, hand, options);
    const brush = startBrushKeys(canvas, hand, {...options, onMove: showBrush});
    canvas.addEventListener("pointerdown", () => (mark.hidden = true));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && showBrush());
    canvas.addEventListener("blur", () => (mark.hidden = true));
    function showBrush() {
      const share = canvas.clientWidth / canvas.width;
      mark.hidden = page.activeElement !== canvas;
      mark.classList.toggle("is-down", brush.isDown);
      mark.style.width = mark.style.height = `${2 * Number(size.value) * share}px`;
      mark.style.transform = `translate(${brush.x * share}px, ${brush.y * share}px) translate(-50%, -50%)`;
    }
  }
}
