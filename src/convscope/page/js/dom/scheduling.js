/** Long computations in slices, so that the page stays responsive. */

/** Milliseconds of a slice: two frames. A longer one makes clicks feel slow. */
const SLICE = 24;

/** Resolve after the browser had time to paint and to handle input. */
export function nextSlice() {
  return globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0));
}

/** Resolve when the page has been painted, or at once in a background tab, which is never painted. */
export function afterPaint() {
  if (document.hidden) return nextSlice();
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
}

/**
 * Run a generator to its end in slices.
 * @template T
 * @param {Generator<unknown, T>} work which yields as often as it can
 * @param {() => boolean} [isWanted] asked between slices; once it says no, the work is given up
 * @returns {Promise<T | undefined>} what the generator returns; undefined where it was given up
 */
export async function runInSlices(work, isWanted = () => true) {
  for (;;) {
    const step = runFor(SLICE, work);
    if (step.done) return step.value;
    await nextSlice();
    if (!isWanted()) return undefined;
  }
}

/** Take one step at least, and more for so many milliseconds; return the last. */
function runFor(milliseconds, work) {
  const end = performance.now() + milliseconds;
  let step = work.next();
  while (!step.done && performance.now() < end) step = work.next();
  return step;
}

/**
 * Return a function that draws at most once per frame, and only while the element is near the window.
 *
 * While a stroke is drawn, only the views next to the drawing pad cost time.
 * @param {Element} element which shows what `draw` draws
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
