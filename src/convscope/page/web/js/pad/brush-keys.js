/**
 * Drawing without a pointer: arrow keys move the brush, space sets it down and lifts it.
 *
 * @typedef {{x: number, y: number, isDown: boolean}} Brush in pixels of the pad
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./hand.js").Hand} hand
 * @param {{radius: () => number, onInk: () => void, onMove: () => void}} options
 * @returns {Brush}
 */
export function startBrushKeys(canvas, hand, {radius, onInk, onMove}) {
  const brush = {x: Math.round(canvas.width / 2), y: Math.round(canvas.height / 4), isDown: false};
  const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  const lift = () => {
    if (brush.isDown) hand.keep();
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
      hand.extend({x: brush.x, y: brush.y});
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
    hand.begin({x: brush.x, y: brush.y}, radius());
    onInk();
    onMove();
  }
}
