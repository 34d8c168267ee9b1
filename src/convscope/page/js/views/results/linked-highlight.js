/**
 * The class or pair of classes under pointer or focus, highlighted in all views. Pure: no DOM.
 * @typedef {{truth: number, predicted: number, isPair: boolean}} Lit a class is `truth` and `predicted` at once, and no pair
 * @typedef {(lit: Lit | null) => void} LightListener
 * @typedef {object} Lighting
 * @property {(label: number) => void} lightClass
 * @property {(truth: number, predicted: number) => void} lightPair
 * @property {() => void} darken
 * @property {(listener: LightListener) => void} subscribe
 */

/** @returns {Lighting} */
export function makeLinkedHighlight() {
  const listeners = [];
  let lit = null;
  const set = (next) => {
    if (lit?.truth === next?.truth && lit?.predicted === next?.predicted && lit?.isPair === next?.isPair) return;
    lit = next;
    for (const listener of listeners) listener(lit);
  };
  return {
    lightClass: (label) => set({truth: label, predicted: label, isPair: false}),
    lightPair: (truth, predicted) => set({truth, predicted, isPair: true}),
    darken: () => set(null),
    subscribe: (listener) => void listeners.push(listener),
  };
}

/** Return whether an image is highlighted. @param {Lit | null} lit @param {number} truth @param {number} predicted */
export function isHighlightedImage(lit, truth, predicted) {
  if (!lit) return false;
  const [row, column] = [lit.truth === truth, lit.predicted === predicted];
  return lit.isPair ? row && column : row || column;
}

/** Return whether a class is highlighted. @param {Lit | null} lit @param {number} label */
export function isHighlightedClass(lit, label) {
  return lit !== null && (lit.truth === label || lit.predicted === label);
}
