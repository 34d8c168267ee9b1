/**
 * Work in slices, so that the page stays awake: nothing here holds a frame for longer than a slice.
 */

/** Milliseconds; two frames. Longer, and a click is felt to hang. */
const SLICE = 24;
/** For work that can wait, on a machine that is never idle: else it would wait for ever. */
const MIN_SLICE = 6;

/** Resolves after the browser had a turn: to paint, to answer a key. */
export function nextSlice() {
  return globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve, 0));
}

/** Resolves when what is on the page has been painted. A page in a tab that is not seen is never painted: it need not wait. */
export function afterPaint() {
  if (document.hidden) return nextSlice();
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
}

/**
 * Runs a generator to its end, in slices.
 *
 * @template T
 * @param {Generator<unknown, T>} work which yields as often as it can
 * @param {() => boolean} [isWanted] asked between slices; once it says no, the work is given up
 * @returns {Promise<T | undefined>} what the generator returns; undefined where it was given up
 */
export async function runInSlices(work, isWanted = () => true) {
  for (;;) {
    const end = performance.now() + SLICE;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < end);
    await nextSlice();
    if (!isWanted()) return undefined;
  }
}

/**
 * The same, but only while the browser has nothing else to do: for what can wait.
 *
 * @template T
 * @param {Generator<unknown, T>} work
 * @returns {Promise<T>}
 */
export async function runWhenIdle(work) {
  for (;;) {
    const left = await idleTime();
    const end = performance.now() + Math.min(Math.max(left, MIN_SLICE), SLICE);
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < end);
  }
}

/** @returns {Promise<number>} milliseconds until something else is due; a browser that cannot tell gets short slices */
function idleTime() {
  if (!globalThis.requestIdleCallback) return new Promise((resolve) => setTimeout(resolve, 30, 10));
  return new Promise((resolve) => requestIdleCallback((deadline) => resolve(deadline.timeRemaining()), {timeout: 1000}));
}
