import {paintOpenImage} from "./input-display.js";

/** Start the drawing pad: the open image, enlarged, and a brush. @param {import("./input.js").Input} input */
export function startDrawingPad(session, input) {
  const canvas = document.getElementById("pad");
  const {making: {padHeight, padWidth, radius, way}} = input;
  const size = document.getElementById("brush-size"); // not there, nor the brush's buttons, where there is no drawing
  const mark = document.getElementById("brush");
  const canDraw = size !== null && way !== "colour";
  [canvas.width, canvas.height] = [padWidth, padHeight];
  canvas.style.aspectRatio = `${padWidth} / ${padHeight}`;
  canvas.parentElement.style.maxWidth = `calc(var(--pad-side) * ${Math.min(1, padWidth / padHeight)})`;

  const draw = () => {
    canvas.classList.toggle("inked", session.open.source === "drawing" || (session.isInk && session.open.source !== "picture"));
    canvas.classList.toggle("is-smooth", session.open.source === "drawing" || session.open.source === "picture");
    paintOpenImage(canvas, session, input);
  };
  if (canDraw) startDrawing();
  session.follow(["open"], draw);

  function startDrawing() {
    size.min = String(Math.max(2, Math.round(radius / 3)));
    size.max = String(3 * radius);
    size.value = String(radius);
    const options = {radius: () => Number(size.value), onInk: input.show};
    startStrokes(canvas, input, options);
    const brush = startBrushKeys(canvas, input, {...options, onMove: showBrush});
    canvas.addEventListener("pointerdown", () => (mark.hidden = true));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && showBrush());
    canvas.addEventListener("blur", () => (mark.hidden = true));
    function showBrush() {
      const share = canvas.clientWidth / canvas.width;
      mark.hidden = document.activeElement !== canvas;
      mark.classList.toggle("is-down", brush.isDown);
      mark.style.width = mark.style.height = `${2 * Number(size.value) * share}px`;
      mark.style.transform = `translate(${brush.x * share}px, ${brush.y * share}px) translate(-50%, -50%)`;
    }
  }
}

/**
 * Start drawing by keyboard: arrow keys move the brush, space lowers and lifts it.
 * @typedef {{x: number, y: number, isDown: boolean}} Brush in pixels of the pad
 * @param {HTMLCanvasElement} canvas
 * @param {import("./input.js").Input} input
 * @param {{radius: () => number, onInk: () => void, onMove: () => void}} options
 */
function startBrushKeys(canvas, input, {radius, onInk, onMove}) {
  const brush = {x: Math.round(canvas.width / 2), y: Math.round(canvas.height / 4), isDown: false};
  const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  const lift = () => {
    if (brush.isDown) input.keep();
    brush.isDown = false;
    onMove();
  };

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (Object.hasOwn(moves, event.key)) move(moves[event.key], event.shiftKey ? 1 / 4 : 1);
    else if (event.key === " ") press();
    else if (event.key === "Escape" && brush.isDown) lift();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("blur", lift);
  return brush;

  function move([across, down], share) {
    const step = Math.max(1, Math.round((share * Math.max(canvas.width, canvas.height)) / 28));
    brush.x = Math.min(canvas.width - 1, Math.max(0, brush.x + step * across));
    brush.y = Math.min(canvas.height - 1, Math.max(0, brush.y + step * down));
    if (brush.isDown) {
      input.extend({x: brush.x, y: brush.y});
      onInk();
    }
    onMove();
  }

  function press() {
    if (brush.isDown) {
      lift();
      return;
    }
    brush.isDown = true;
    input.begin({x: brush.x, y: brush.y}, radius());
    onInk();
    onMove();
  }
}

/**
 * Turn pointer events into strokes, with every position that the browser knows between two frames.
 * @param {{radius: () => number, onInk: () => void}} options `onInk` is called once per frame while there is new ink
 */
function startStrokes(canvas, input, {radius, onInk}) {
  let [pointer, frame] = [null, 0];
  const inkNow = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    onInk();
  };
  const inkSoon = () => (frame ||= requestAnimationFrame(inkNow));

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault(); // prevents text selection; focus is set below
    canvas.focus({preventScroll: true});
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    input.begin(pointOnPad(canvas, event), radius());
    inkSoon();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) input.extend(pointOnPad(canvas, each));
    inkSoon();
  });
  const end = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    inkNow();
    input.keep();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}

/** Return whole pixels, which fit in a hash. */
function pointOnPad(canvas, {clientX, clientY}) {
  const {left, top, width, height} = canvas.getBoundingClientRect();
  return {
    x: Math.round(((clientX - left) * canvas.width) / width),
    y: Math.round(((clientY - top) * canvas.height) / height),
  };
}
