import {inputsOfImage, readReferenceImages, readTestImages} from "../data/images.js";
import {readWeights} from "../data/weights.js";
import {areInk} from "../dom/picture.js";
import {perturb} from "../image/perturb.js";
import {makeNetwork, makeWorkspace, runNetwork} from "../network/network.js";
import {epochFrames, settledEpoch} from "./epochs.js";
import {parseChange} from "./perturbation.js";

/**
 * The network and the open image, which all views share.
 *
 * A view reads `session` in its listener and redraws. `session.run` is the same object with the same arrays every time,
 * overwritten by each run: copy what is needed later. Views off the screen should wait: `drawWhenVisible`.
 * @typedef {import("./state.js").State} State
 * @typedef {import("../data/images.js").ReferenceImages} ReferenceImages
 * @typedef {object} OpenImage
 * @property {string} name "test-123", "train-5", "drawing" or "picture"; numbers are places in the split
 * @property {"test" | "train" | "drawing" | "picture"} source
 * @property {number | null} index the place in the split
 * @property {number | null} row the place in `session.images.test` or `.reference`; null where it is not one of them
 * @property {number | null} label its true class, where there is one
 * @property {string} [file] the name of the file that a picture came from
 * @property {Float32Array} pixels what the network is given, h·w·c in 0..1
 * @property {Float32Array} original the same before the reader's change (state.change); the same array where there is none
 * @typedef {object} Session
 * @property {object} payload
 * @property {string[]} names of the classes
 * @property {import("../dom/picture.js").PictureShape} shape of an image
 * @property {boolean} isInk whether the images are bright strokes on black, which are drawn as ink
 * @property {import("./epochs.js").Frame[]} frames the epochs whose weights the page holds
 * @property {import("../network/network.js").Network | null} network with the weights of the open epoch; null where the page
 *   holds no weights
 * @property {import("../network/network.js").Run | null} run of `network` on `open.pixels`
 * @property {{test: import("../data/images.js").TestImages | null, reference: ReferenceImages | null}} images
 * @property {OpenImage} open
 * @property {Readonly<State>} state
 * @property {(changes: Partial<State>) => void} set
 * @property {(listener: SessionListener) => () => void} subscribe returns what ends the subscription
 * @property {(keys: string[], show: () => void) => void} follow calls `show` now, and whenever one of the keys changed
 * @property {(name: string) => boolean} openImage whether there is such an image; a change to the one before is taken back
 * @property {(pixels: Float32Array, source: "drawing" | "picture", file?: string) => void} openPixels the reader's change
 *   stays
 * @property {(name: string) => Float32Array | null} pixelsOf an image of the set, as it is there
 * @property {(epoch: number) => Promise<import("../network/network.js").Network | null>} networkAt 0 for the end
 * @property {() => Promise<ReferenceImages | null>} readReferenceImages into `images`; they follow the script in the page, so the first screen is there earlier
 * @typedef {(session: Session, changed: Set<string>) => void} SessionListener `changed` has keys of the state, and "open" (another
 *   image, or other pixels), "network", and "run" whenever either of them
 */

/** Epoch networks to cache; each takes twice the memory of its weights. */
const MAX_CACHED_NETWORKS = 4;

/** @param {object} payload @param {import("./state.js").PageState} state @returns {Promise<Session>} */
export async function startSession(payload, state) {
  const listeners = new Set();
  const own = {drawing: null, picture: openedPicture(payload)};
  const networkAt = cacheNetworks(payload);
  let [workspace, reading] = [null, null];

  const {class_names: names, image_shape: [height, width, channels], content} = payload.dataset;
  const shape = {height, width, channels};
  /** @type {Session} */
  const session = {
    payload,
    names,
    shape,
    isInk: content === "digits",
    frames: epochFrames(payload),
    network: null,
    run: null,
    images: {test: null, reference: null},
    open: null,
    get state() {
      return state.values;
    },
    set: (changes) => void state.set(changes),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    follow(keys, show) {
      session.subscribe((_, changed) => keys.some((key) => changed.has(key)) && show());
      show();
    },
    openImage(name) {
      if (!sourceOf(session, own, name)) return false;
      const {image, change, ink} = state.values;
      state.set({image: name, change: name === image ? change : "", ink: name === "drawing" ? ink : ""});
      return true;
    },
    openPixels(pixels, source, file) {
      own[source] = {original: pixels, file};
      const before = state.values;
      state.set({image: source, ink: source === "drawing" ? before.ink : ""});
      // The state notifies listeners of a new name only; the same name with new pixels is reported here.
      if (before.image === source) tell(reopen(new Set(["open"])));
    },
    pixelsOf: (name) => sourceOf(session, {}, name)?.original ?? null,
    networkAt,
    async readReferenceImages() {
      session.images.reference ??= await (reading ??= readReferenceImages(document, payload));
      return session.images.reference;
    },
  };

  function tell(changed) {
    for (const listener of [...listeners]) listener(session, changed);
  }

  function reopen(changed) {
    const found = sourceOf(session, own, session.state.image) ?? session.open ?? firstImage(session, own);
    const changes = parseChange(session.state.change);
    const pixels = session.state.change === "" ? found.original : perturb(found.original, shape, changes);
    session.open = {...found, pixels};
    if (session.network) {
      session.run = runNetwork(session.network, pixels, workspace);
      changed.add("run");
    }
    return changed.add("open");
  }

  function adopt(network) {
    session.network = network;
    workspace = network && makeWorkspace(network);
  }

  async function changeEpoch() {
    const asked = settledEpoch(session.frames, session.state.epoch);
    if (asked !== session.state.epoch) return state.set({epoch: asked});
    const network = await networkAt(asked);
    if (asked !== session.state.epoch || network === session.network) return; // the slider has moved on
    adopt(network);
    tell(reopen(new Set(["network"])));
  }

  const [network, test] = await Promise.all([networkAt(state.values.epoch), readTestImages(document, payload)]);
  session.images.test = test;
  if (test) session.isInk = areInk(test);
  if (state.values.image.startsWith("train-")) await session.readReferenceImages();
  adopt(network);
  reopen(new Set());
  state.subscribe((_, changed) => {
    if (changed.has("epoch")) changeEpoch();
    tell(changed.has("image") || changed.has("change") ? reopen(new Set(changed)) : changed);
  });
  return session;
}

/** Return the image with that name without the reader's transformation, or null. */
function sourceOf(session, own, name) {
  const [source, number] = name.split("-");
  if (source === "drawing" || source === "picture") {
    return own[source] ? {name, source, index: null, row: null, label: null, ...own[source]} : null;
  }
  if (source === "" && number === undefined) return firstImage(session, own);
  const images = source === "test" ? session.images.test : source === "train" ? session.images.reference : null;
  const index = Number(number);
  const row = images ? images.indices.indexOf(index) : -1;
  if (row >= 0) return {name, source, index, row, label: images.labels[row], original: inputsOfImage(images, row)};
  const first = firstTrainingImage(session);
  return first.name === name ? first : null;
}

/** Return the image shown at the start: the image that the page was made for, or the first test image. */
function firstImage(session, own) {
  const {test} = session.images;
  if (session.payload.opened && own.picture) return sourceOf(session, own, "picture");
  const index = test && Math.min(...test.indices);
  return test?.count ? sourceOf(session, {}, `test-${index}`) : firstTrainingImage(session);
}

/** Return the image that the page was made to explain. */
function openedPicture({opened}) {
  return opened ? {original: Float32Array.from(opened.pixels.flat(2), (level) => level / 255), file: opened.name} : null;
}

/** Return the one image that every page has. */
function firstTrainingImage({payload: {first_image: {label, pixels}}}) {
  const original = Float32Array.from(pixels.flat(2), (level) => level / 255);
  return {name: "train-0", source: "train", index: 0, row: null, label, original};
}

/** Return a function that reads the network of an epoch and caches the last few. */
function cacheNetworks(payload) {
  const kept = new Map();
  const read = async (which) => {
    const weights = await readWeights(document, payload, which);
    // The temperature was fitted to the final weights.
    const temperature = (which === "final" && payload.metrics.uncertainty?.temperature) || 1;
    return weights && makeNetwork(payload.network, weights, temperature);
  };
  return (epoch) => {
    const place = payload.weights?.epochs.findIndex((each) => each.epoch === epoch) ?? -1;
    const which = place < 0 ? "final" : place;
    const network = kept.get(which) ?? read(which);
    kept.delete(which);
    kept.set(which, network); // least recently used first
    if (kept.size > MAX_CACHED_NETWORKS) kept.delete([...kept.keys()].find((each) => each !== "final"));
    return network;
  };
}
