import {offsetOf, placeOf, sizeOf} from "../../network/shape.js";

/**
 * The unit that the inspector shows: open, under the pointer, or reached by the animation.
 *
 * The open unit is part of the page's state and of its hash; the others are temporary.
 *
 * @typedef {{index: number, place: number[]}} Unit `index` of its layer; −1 for a pixel of the image
 * @typedef {"open" | "pointed"} UnitChange
 */
export class OpenUnit {
  /** @param {import("../../state/session.js").Session} session */
  constructor(session) {
    this.session = session;
    /** @type {Unit | null} */
    this.open = null;
    /** @type {Unit | null} */
    this.pointed = null;
    this.isPlaying = false;
    this.listeners = new Set();
    this.resolve();
    session.subscribe((_, changed) => {
      if (!["layer", "unit", "network"].some((key) => changed.has(key))) return;
      this.isPlaying = false;
      this.resolve();
      this.tell("open");
    });
  }

  /** The layers that the run came to. */
  get computed() {
    const {network, run} = this.session;
    return network.layers.filter(({name}) => Object.hasOwn(run.activations, name));
  }

  /** The one to look at now. */
  get shown() {
    return this.pointed ?? this.open;
  }

  choose(index, place) {
    this.pointed = null;
    this.session.set({layer: this.session.network.layers[index].name, unit: writePlace(place)});
  }

  /** @param {number} index of the layer to go to, near where the open unit is */
  chooseLayer(index) {
    const {network: {layers}, run: {activations}} = this.session;
    const activation = activations[layers[index].name];
    const place = matchingPlace(this.open.place, layers[this.open.index].outputShape, activation);
    this.choose(index, place ?? strongestPlace(activation));
  }

  /** @param {Unit | null} unit under the pointer */
  point(unit) {
    if (sameUnit(unit, this.pointed)) return;
    this.pointed = unit;
    this.tell("pointed");
  }

  /** @param {Unit} unit that the walk has come to: open, but not in the address, which browsers let change only so often */
  walkTo(unit) {
    this.isPlaying = true;
    this.open = unit;
    this.tell("open");
  }

  /** Where the walk ends, it stays. */
  endWalk() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.choose(this.open.index, this.open.place);
    this.tell("open");
  }

  /** @param {(change: UnitChange) => void} listener */
  subscribe(listener) {
    this.listeners.add(listener);
  }

  tell(change) {
    for (const listener of this.listeners) listener(change);
  }

  /** Read the state; what it leaves open is the previous unit or the strongest one of the first layer with a kernel. */
  resolve() {
    const {session, computed} = this;
    this.open = null;
    if (!computed.length) return;
    const named = computed.find(({name}) => name === session.state.layer);
    const layer = named ?? computed.find(({weights}) => weights.kernel) ?? computed[0];
    const {shape} = session.run.activations[layer.name];
    const place = (named && readPlace(session.state.unit, shape)) ?? this.placeAtStart(layer);
    this.open = {index: session.network.layers.indexOf(layer), place};
  }

  /** The default unit, constant while the page is open so that it does not jump while the user draws. */
  placeAtStart({name}) {
    this.starts ??= new Map();
    if (!this.starts.has(name)) this.starts.set(name, strongestPlace(this.session.run.activations[name]));
    return this.starts.get(name);
  }
}

/**
 * @param {Unit | null} one
 * @param {Unit | null} other
 */
function sameUnit(one, other) {
  return one === other || (one !== null && other !== null && one.index === other.index && `${one.place}` === `${other.place}`);
}

/**
 * Positions of units: [row, column, channel], or [unit]. Pure: no DOM.
 *
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

/**
 * Return the position of a layer's maximum.
 *
 * @param {{shape: number[], data: ArrayLike<number>}} activation
 * @returns {Place}
 */
export function strongestPlace({shape, data}) {
  let winner = 0;
  for (let offset = 1; offset < data.length; offset++) if (data[offset] > data[winner]) winner = offset;
  return placeOf(shape, winner);
}

/**
 * Return the unit of another layer at the same position: in the same channel if the counts match, otherwise in the one
 * with the largest value there.
 *
 * @param {Place} place
 * @param {number[]} from shape of its layer
 * @param {{shape: number[], data: ArrayLike<number>}} activation of the other one
 * @returns {Place | null} null where one of the two is no picture
 */
export function matchingPlace(place, from, {shape, data}) {
  if (from.length !== 3 || shape.length !== 3) return null;
  const [row, column] = [0, 1].map((axis) => Math.min(shape[axis] - 1, Math.floor(((place[axis] + 0.5) / from[axis]) * shape[axis])));
  if (from[2] === shape[2]) return [row, column, place[2]];
  const first = offsetOf(shape, [row, column, 0]);
  let channel = 0;
  for (let other = 1; other < shape[2]; other++) if (data[first + other] > data[first + channel]) channel = other;
  return [row, column, channel];
}

/** Step of each key in rows, columns and channels. */
const STEPS = {
  ArrowUp: [-1, 0, 0], ArrowDown: [1, 0, 0], ArrowLeft: [0, -1, 0], ArrowRight: [0, 1, 0],
  PageUp: [0, 0, -1], PageDown: [0, 0, 1],
};

/**
 * @param {number[]} shape
 * @param {Place} place
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

/**
 * Return the next unit in row order of its channel, or null after the last.
 *
 * @param {number[]} shape
 * @param {Place} place
 * @returns {Place | null}
 */
export function placeBehind(shape, place) {
  const offset = offsetOf(shape, place) + (shape.length === 3 ? shape[2] : 1);
  return offset < sizeOf(shape) ? placeOf(shape, offset) : null;
}

/**
 * @param {Place} place
 * @param {number[]} shape
 * @returns {string} "channel 3, row 12, column 7", all counted from 0; an only channel is not mentioned
 */
export function placeInWords(place, shape) {
  if (shape.length !== 3) return `unit ${place.join(".")}`;
  const [row, column, channel] = place;
  return `${shape[2] > 1 ? `channel ${channel}, ` : ""}row ${row}, column ${column}`;
}
