/**
 * Return a function that draws at most once per frame, and only while the element is near the window.
 *
 * While a stroke is drawn, only the views next to the drawing pad cost time.
 *
 * @param {Element} element which shows what `draw` draws
 * @param {() => void} draw
 * @returns {() => void} asks for a drawing, as often as you like; call it once at the start
 */
export function drawWhenVisible(element, draw) {
  let [isSeen, isAsked, frame] = [false, false, 0];
  const go = () => {
    frame = 0;
    if (!isAsked || !isSeen) return;
    isAsked = false;
    draw();
  };
  const plan = () => {
    if (isAsked && isSeen) frame ||= requestAnimationFrame(go);
  };
  new IntersectionObserver(
    (entries) => {
      isSeen = entries[entries.length - 1].isIntersecting;
      plan();
    },
    {rootMargin: "200px"},
  ).observe(element);
  return () => {
    isAsked = true;
    plan();
  };
}
