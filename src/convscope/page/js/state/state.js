/**
 * The reader's selections. Every view reads them, any view may change them, and listeners learn what changed. Pure: no
 * DOM.
 * @typedef {"auto" | "light" | "dark"} Theme
 * @typedef {object} State
 * @property {string} place the anchor that was gone to
 * @property {Theme} theme
 * @property {string} image "test-123", "train-5" (places in the split), "drawing", "picture"; "" for that of the start
 * @property {string} ink the strokes on the pad, as `stroke-encoding.js` writes them; "" while it shows something else
 * @property {string} change what is done to the open image, as `perturbation.js` writes it; "" for nothing
 * @property {number} epoch the epoch whose weights run; 0 for those of the end
 * @property {string} layer the layer that is open; "" for none
 * @property {string} unit "row.column.channel" or "unit" in that layer; "" for none
 * @property {import("../image/color/range.js").ScaleMode} scale what the activations' colours are common to
 * @property {number} target the class that is asked about; -1 for the one answered
 * @typedef {(state: Readonly<State>, changed: Set<string>) => void} StateListener
 * @typedef {object} PageState
 * @property {Readonly<State>} values a new object after every change
 * @property {(changes: Partial<State>) => Set<string>} set returns the keys that changed, and tells the listeners if any did
 * @property {(listener: StateListener) => () => void} subscribe returns what ends the subscription
 */

/** @type {Readonly<State>} */
export const INITIAL_STATE = Object.freeze({
  place: "", theme: "auto", image: "", ink: "", change: "", epoch: 0, layer: "", unit: "", scale: "layer", target: -1,
});

/** @param {Partial<State>} [first] @returns {PageState} */
export function makeState(first = {}) {
  const listeners = new Set();
  const state = {
    values: Object.freeze({...INITIAL_STATE, ...first}),

    set(changes) {
      const changed = new Set(Object.keys(changes).filter((key) => changes[key] !== state.values[key]));
      for (const key of changed) {
        if (!Object.hasOwn(INITIAL_STATE, key)) throw new RangeError(`the state has no ${key}`);
      }
      if (!changed.size) return changed;
      state.values = Object.freeze({...state.values, ...changes});
      for (const listener of [...listeners]) listener(state.values, changed);
      return changed;
    },

    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return state;
}
