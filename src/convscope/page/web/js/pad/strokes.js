/**
 * From pointers to strokes: mouse, pen and touch, every place that the browser knows of between two frames.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./hand.js").Hand} hand
 * @param {{radius: () => number, onInk: () => void}} options `onInk` is called once per frame while there is new ink
 */
export function startStrokes(canvas, hand, {radius, onInk}) {
  let [pointer, frame] = [null, 0];
  const inkNow = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    onInk();
  };
  const inkSoon = () => (frame ||= requestAnimationFrame(inkNow));

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault(); // no text is selected; the focus is set below
    canvas.focus({preventScroll: true});
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    hand.begin(pointOnPad(canvas, event), radius());
    inkSoon();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) hand.extend(pointOnPad(canvas, each));
    inkSoon();
  });
  const end = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    inkNow();
    hand.keep();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}

/**
 * Whole pixels, which an address can hold.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{clientX: number, clientY: number}} event
 */
function pointOnPad(canvas, {clientX, clientY}) {
  const {left, top, width, height} = canvas.getBoundingClientRect();
  return {
    x: Math.round(((clientX - left) * canvas.width) / width),
    y: Math.round(((clientY - top) * canvas.height) / height),
  };
}
