import {offsetOf, placeOf, sizeOf, strongestPlace} from "../../network/shape.js";

/**
 * The layer and the unit that the inspector shows. They are part of the page's state and of its hash.
 *
 * A unit that is the strongest of its channel follows the image: when a stroke ends, or another image is opened, the strongest one is
 * chosen anew. Any other unit was picked by the reader and stays.
 * @typedef {{index: number, place: number[]}} Unit `index` of its layer
 */
export class OpenUnit {
  /** @param {import("../../state/session.js").Session} session */
  constructor(session) {
    this.session = session;
    /** Index of the open layer; −1 while the panel is closed. */
    this.index = -1;
    /** @type {Unit | null} null while no unit is open, but at most a layer */
    this.open = null;
    this.isPlaying = false;
    this.isStrongest = false;
    this.listeners = new Set();
    this.resolve();
    session.subscribe((_, changed) => {
      const [isSelected, {isStrongest}] = [changed.has("layer") || changed.has("unit"), this];
      if (this.isPlaying && !isSelected && changed.has("network")) this.endWalk();
      else if (isSelected || changed.has("network")) {
        this.isPlaying = false;
        this.resolve();
        this.tell();
      }
      const isNew = changed.has("ink") || changed.has("network") || (changed.has("image") && session.state.image !== "drawing");
      if (isNew && isStrongest && this.open && !isSelected) this.openChannel(this.index, this.open.place[2]);
    });
  }

  /** The layers that the run came to. */
  get computed() {
    const {network, run} = this.session;
    return network.layers.filter(({name}) => Object.hasOwn(run.activations, name));
  }

  choose(index, place) {
    this.session.set({layer: this.session.network.layers[index].name, unit: writePlace(place)});
  }

  /** Open the strongest unit of a channel, or that unit of a flat layer. */
  openChannel(index, channel) {
    const {network, run} = this.session;
    this.choose(index, strongestPlace(run.activations[network.layers[index].name], channel));
  }

  /** @param {number} index of the layer; −1 closes the panel */
  openLayer(index) {
    this.session.set({layer: index < 0 ? "" : this.session.network.layers[index].name, unit: ""});
  }

  /** @param {Unit} unit that the animation has come to: open, but not in the hash, which browsers let change only so often */
  walkTo(unit) {
    this.isPlaying = true;
    this.open = unit;
    this.tell();
  }

  /** Where the animation ends, it stays. */
  endWalk() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.choose(this.open.index, this.open.place);
    this.tell();
  }

  /** @param {() => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  resolve() {
    const {session, computed} = this;
    const layer = computed.find(({name}) => name === session.state.layer);
    this.index = layer ? session.network.layers.indexOf(layer) : -1;
    const activation = layer && session.run.activations[layer.name];
    const place = layer ? readPlace(session.state.unit, activation.shape) : null;
    this.open = place && {index: this.index, place};
    this.isStrongest = place?.length === 3 && writePlace(strongestPlace(activation, place[2])) === writePlace(place);
  }
}

/**
 * Positions of units: [row, column, channel], or [unit]. Pure: no DOM.
 * @typedef {number[]} Place
 */

/**
 * @param {string} text "row.column.channel" or "unit", or any text
 * @param {number[]} shape of the layer
 * @returns {Place | null} null where there is no such unit
 */
export function readPlace(text, shape) {
  if (!/^\d+(\.\d+)*$/.test(text)) return null;
  const place = text.split(".").map(Number);
  return place.length === shape.length && place.every((index, axis) => index < shape[axis]) ? place : null;
}

/** @param {Place} place */
export function writePlace(place) {
  return place.join(".");
}

/** Step of each key in rows, columns and channels. */
const STEPS = {
  ArrowUp: [-1, 0, 0], ArrowDown: [1, 0, 0], ArrowLeft: [0, -1, 0], ArrowRight: [0, 1, 0],
  PageUp: [0, 0, -1], PageDown: [0, 0, 1],
};

/**
 * @param {string} key as keyboards call it
 * @param {number} [perLine] units side by side, where the layer is no picture
 * @returns {Place | null} null where the key does not walk; the place itself at the edge
 */
export function placeAfter(shape, place, key, perLine = 1) {
  const last = shape.map((extent) => extent - 1);
  if (key === "Home" || key === "End") {
    const edge = key === "Home" ? shape.map(() => 0) : last;
    return place.map((index, axis) => (axis === 2 ? index : edge[axis]));
  }
  const step = STEPS[key];
  if (!step) return null;
  const steps = shape.length === 3 ? step : [step[0] * perLine + step[1] + step[2]];
  const next = place.map((index, axis) => index + steps[axis]);
  return next.every((index, axis) => index >= 0 && index <= last[axis]) ? next : place;
}

/** Return the next unit in row order of its channel, or null after the last. @param {Place} place @returns {Place | null} */
export function placeBehind(shape, place) {
  const offset = offsetOf(shape, place) + (shape.length === 3 ? shape[2] : 1);
  return offset < sizeOf(shape) ? placeOf(shape, offset) : null;
}

/** @returns {string} "channel 3, row 12, column 7", all counted from 0; an only channel is not mentioned */
export function placeInWords(place, shape) {
  if (shape.length !== 3) return `unit ${place.join(".")}`;
  const [row, column, channel] = place;
  return `${shape[2] > 1 ? `channel ${channel}, ` : ""}row ${row}, column ${column}`;
}
