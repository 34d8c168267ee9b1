import {answerOf} from "./answer/reply.js";
import {runNetwork} from "./engine/network.js";

/**
 * The one door for scripts, and for teaching in the browser's console: `window.convscope`.
 *
 * @param {import("./live.js").Live} live
 * @param {() => void} clear empties the pad
 */
export function openDoor(live, clear) {
  window.convscope = Object.freeze({
    /**
     * @param {Iterable<number>} pixels h·w·c numbers in 0..1, in row order
     * @returns {{probabilities: number[] | null, activations: Record<string, {shape: number[], data: number[]}>}} with the
     *   weights of the open epoch
     */
    run(pixels) {
      if (!live.network) throw new Error("this page holds no weights: the network was too large for it");
      const {probabilities, activations} = runNetwork(live.network, Float32Array.from(pixels));
      const plain = Object.entries(activations).map(
        ([name, {shape, data}]) => [name, {shape: [...shape], data: Array.from(data)}],
      );
      return {probabilities: probabilities && Array.from(probabilities), activations: Object.fromEntries(plain)};
    },

    /** @returns {string} the class that the pad shows now; "" while it is empty */
    answer: () => answerOf(live),

    clear,
  });
}
