import {scaleRanges} from "../image/color/range.js";
import {isPicture} from "../network/shape.js";

/**
 * Which layers have signed values, and the ranges of their colour scales. Pure: no DOM.
 * @typedef {import("../network/network.js").Network} Network
 * @typedef {import("../image/color/paint.js").ValueRange} ValueRange
 */

const NEVER_NEGATIVE = new Set(["relu", "relu6", "sigmoid", "softmax", "softplus"]);
/** Layer kinds that keep the sign of their input. */
const HANDS_ON = new Set(["MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D", "ZeroPadding2D"]);

/**
 * Return the signed layers.
 *
 * Decided by architecture, not by the values for one image: a scale must not change while the user draws.
 * @returns {boolean[]} per layer, whether its activations can be negative
 */
export function signedLayers({layers}) {
  let isSigned = false;
  return layers.map(({kind, operation, formula, settings}) => {
    const keeps = formula?.name === "linear" && (operation?.copies || HANDS_ON.has(kind));
    const hasLeak = kind === "ReLU" && settings.negative_slope;
    if (!keeps) isSigned = !NEVER_NEGATIVE.has(formula?.name) || Boolean(hasLeak);
    return isSigned;
  });
}

/**
 * @param {boolean[]} signed per layer
 * @returns {Record<string, ValueRange[]>} per layer that was run, one range per channel; those of units of no picture are
 *   the layer's, as one unit has no range of its own
 */
export function rangesOfLayers({layers}, {activations}, signed, mode) {
  const groups = [false, true].map((sign) => {
    const chosen = layers.filter(({name}, index) => signed[index] === sign && Object.hasOwn(activations, name));
    const entries = chosen.map(({name}) => [name, asChannels(activations[name])]);
    return scaleRanges(Object.fromEntries(entries), mode, {signed: sign});
  });
  return {...groups[0], ...groups[1]};
}

/** Treat the units of a flat layer as one channel, because a single unit has nothing to compare with. */
function asChannels({shape, data}) {
  return isPicture(shape) ? {shape, data} : {shape: [...shape, 1], data};
}

/** The colour scales of the open run in the page's colours of now. */
export class LayerScales {
  /** @param {boolean[]} signed per layer @param {import("./theme-colors.js").ThemeColors} colors */
  constructor({network, run, state}, signed, colors) {
    Object.assign(this, {network, signed, colors, ranges: rangesOfLayers(network, run, signed, state.scale)});
  }

  /** @param {number} index of a layer; −1 for the image @returns {import("../image/color/paint.js").ColorScale} */
  of(index, channel = 0) {
    if (index < 0) return {minimum: 0, maximum: 1, table: this.colors.pixels};
    const ranges = this.ranges[this.network.layers[index].name];
    return {...(ranges[channel] ?? ranges[0]), table: this.signed[index] ? this.colors.signed : this.colors.unsigned};
  }
}
