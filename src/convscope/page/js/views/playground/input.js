import {detectDigit, hasTrainingForm} from "../../image/preprocess/detect.js";
import {fitMiddle} from "../../image/preprocess/fit.js";
import {DIGIT_SETTINGS, PAD_SETTINGS, prepareDigit} from "../../image/preprocess/mnist-style.js";
import {toGrey} from "../../image/preprocess/pixel-statistics.js";
import {beginStroke, clearInk, extendStroke, fromPixels, makeInk, setStrokes} from "../../image/stroke-canvas.js";
import {runNetwork} from "../../network/network.js";
import {formatInk, parseInk} from "./stroke-encoding.js";

/**
 * The user's input: strokes or an image file, and its preprocessing into network input. No DOM; uses `session`.
 * @typedef {import("../../image/preprocess/detect.js").Found} Found
 * @typedef {ReturnType<typeof prepareDigit> & {found?: Found}} Prepared `found`: of a photo of digits
 * @typedef {import("../../image/stroke-canvas.js").Stroke} Stroke
 * @typedef {{image: string, strokes: Stroke[]}} Earlier what the pad showed: the name of an image of
 *   the set, and strokes on it; without a name, strokes on nothing
 * @typedef {object} Input
 * @property {Making} making
 * @property {import("../../image/stroke-canvas.js").Ink} ink
 * @property {import("../../image/preprocess/resample.js").GreyPicture | null} photo a grey picture that was dropped
 * @property {string} file its name
 * @property {Prepared | null} prepared of what is open, where it came from here
 * @property {boolean} addsToImage whether the first stroke goes on top of the image that is open
 * @property {Record<string, any>} switches what the reader changed in the preparation
 */

/** Maximum number of steps to undo. */
const MAX_UNDO = 200;

/** @param {Making} making */
export function makeInput(session, making) {
  const ink = makeInk(making.padHeight, making.padWidth);
  /** @type {Earlier[]} */
  const earlier = [];
  let [base, openBefore] = ["", session.open.source];
  // A drawing that another image takes the place of is one step.
  session.subscribe((_, changed) => {
    if (!changed.has("open")) return;
    const {source} = session.open;
    if (openBefore === "drawing" && source !== "drawing") rememberDrawing();
    openBefore = source;
  });

  const input = {
    making,
    ink,
    photo: null,
    file: "",
    prepared: null,
    addsToImage: false,
    switches: {},

    /** A dot. @param {{x: number, y: number}} point @param {number} radius */
    begin(point, radius) {
      remember();
      if (session.open.source !== "drawing") {
        const {source, name} = session.open;
        clearInk(ink);
        base = "";
        if (input.addsToImage && (source === "test" || source === "train")) layUnder(name);
      }
      beginStroke(ink, point, radius);
    },

    /** @param {{x: number, y: number}} point */
    extend(point) {
      const {points} = ink.strokes[ink.strokes.length - 1];
      const last = points[points.length - 1];
      if (last.x !== point.x || last.y !== point.y) extendStroke(ink, point);
    },

    /** Runs the network on what is on the pad now: once per frame. */
    show() {
      input.prepared = prepareDigit(ink, {...PAD_SETTINGS, ...making.settings, ...input.switches});
      session.openPixels(inputsFrom(input.prepared.pixels), "drawing");
    },

    /** Puts the drawing into the address, once a stroke is done. */
    keep() {
      session.set({ink: input.inkText()});
    },

    inkText: () => formatInk(ink.strokes, base),

    /** @returns {boolean} whether there was anything to take back */
    undo() {
      const last = earlier.pop();
      if (!last) return false;
      openBefore = "";
      if (!last.strokes.length && last.image && session.openImage(last.image)) return true;
      draw(last);
      return true;
    },

    clear() {
      if (session.open.source !== "drawing" || ink.strokes.length || base) remember();
      draw({image: "", strokes: []});
    },

    canUndo: () => earlier.length > 0,

    /** Strokes that the page offers. @param {Stroke[]} strokes */
    putStrokes(strokes) {
      remember();
      draw({image: "", strokes});
    },

    /** What an address brings. @param {string} text */
    restore(text) {
      const last = earlier[earlier.length - 1];
      if (last && formatInk(last.strokes, last.image) === text) earlier.pop(); // what was left is back
      const {base: image, strokes} = parseInk(text);
      draw({image, strokes});
    },

    /** @param {import("../../image/preprocess/resample.js").Pixels} picture opaque @param {string} file its name */
    putPicture(picture, file) {
      const {image_shape: shape} = session.payload.dataset;
      const grey = making.way === "digit" ? toGrey(picture) : null;
      if (session.open.source !== "drawing") remember();
      if (grey && !hasTrainingForm(grey, making.settings)) {
        [input.photo, input.file] = [grey, file];
        input.showPhoto();
        return;
      }
      [input.photo, input.prepared] = [null, null];
      session.openPixels(inputsFrom(fitMiddle(picture, shape, making.polarity)), "picture", file);
    },

    showPhoto() {
      const logitsOf = session.run?.logits && session.isInk ? (levels) => runNetwork(session.network, inputsFrom(levels)).logits : null;
      input.prepared = detectDigit(input.photo, {...DIGIT_SETTINGS, ...making.settings, ...input.switches}, logitsOf);
      session.openPixels(inputsFrom(input.prepared.pixels), "picture", input.file);
    },

    /** @param {string} step @param {any} value of a setting of prepareDigit */
    setSwitch(step, value) {
      input.switches = {...input.switches, [step]: value};
      if (session.open.source === "drawing") input.show();
      else if (session.open.source === "picture" && input.photo) input.showPhoto();
    },
  };

  function remember() {
    const {source, name} = session.open;
    if (source === "drawing") rememberDrawing();
    else earlier.push({image: name, strokes: []});
    if (earlier.length > MAX_UNDO) earlier.shift();
  }

  function rememberDrawing() {
    earlier.push({image: base, strokes: [...ink.strokes]});
  }

  function draw({image, strokes}) {
    base = "";
    setStrokes(ink, []);
    if (image && !layUnder(image)) return;
    for (const {radius, points} of strokes) {
      beginStroke(ink, points[0], radius);
      for (const point of points.slice(1)) extendStroke(ink, point);
    }
    input.show();
    input.keep();
  }

  /** @returns {boolean} whether the image is there */
  function layUnder(name) {
    const pixels = session.pixelsOf(name);
    const {height, width} = session.shape;
    if (!pixels || making.way === "colour" || height > ink.height || width > ink.width) return false;
    fromPixels(ink, {height, width, pixels: Uint8Array.from(pixels, (share) => Math.round(255 * share))});
    base = name;
    return true;
  }

  return input;
}

function inputsFrom(levels) {
  const inputs = new Float32Array(levels.length);
  for (let place = 0; place < levels.length; place++) inputs[place] = levels[place] / 255;
  return inputs;
}

/**
 * Preprocessing of drawings and image files, chosen by the dataset. Pure: no DOM.
 * @typedef {object} Making
 * @property {"digit" | "plain" | "colour"} way digit: all that MNIST did; plain: scaled, and nothing else; colour: as plain,
 *   and there is no drawing
 * @property {string | null} polarity "light on dark" or "dark on light", where that is the way of nearly all images of a grey
 *   set of anything but digits
 * @property {number} padHeight in pixels, a whole multiple of the image where it is smaller than the pad
 * @property {number} padWidth
 * @property {number} radius of the brush at the start, in pixels of the pad
 * @property {Partial<typeof DIGIT_SETTINGS>} settings for prepareDigit
 */

const PAD_SIDE = 280;

/**
 * @param {object} dataset the payload's
 * @param {{digits: {digit_size_fraction: number, centre: boolean} | null, polarity: string | null}} fitting the payload's
 * @returns {Making}
 */
export function preprocessingFor({image_shape: [height, width, channels]}, {digits, polarity}) {
  const times = PAD_SIDE / Math.max(height, width);
  const cell = times >= 1 ? Math.floor(times) : times;
  const [padHeight, padWidth] = [Math.max(1, Math.round(height * cell)), Math.max(1, Math.round(width * cell))];
  // Strokes are 2.4 of 28 pixels wide in MNIST, 1.6 of 8 in scikit-learn's digits.
  const radius = Math.max(6, Math.round(Math.min(height, width) >= 16 ? 0.043 * Math.min(padHeight, padWidth) : 0.8 * cell));
  const way = channels !== 1 ? "colour" : digits ? "digit" : "plain";
  const frame = {height, width};
  const settings = way === "digit" ? {...frame, boxShare: digits.digit_size_fraction, centre: digits.centre} : {...frame, ...UNCHANGED};
  return {way, polarity, padHeight, padWidth, radius, settings};
}

const UNCHANGED = {polarity: "keep", ground: false, crop: false, fit: false, contrast: false, centre: false};
