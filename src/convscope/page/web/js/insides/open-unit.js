import {matchingPlace, readPlace, strongestPlace, writePlace} from "./places.js";

/**
 * Which unit the insides are about: the one that is open, the one under the pointer, the one that the walk has come to.
 * The open one is the page's state (and so in its address); the others come and go.
 *
 * @typedef {{index: number, place: number[]}} Unit `index` of its layer; −1 for a pixel of the image
 * @typedef {"open" | "pointed"} UnitChange
 */
export class OpenUnit {
  /** @param {import("../live.js").Live} live */
  constructor(live) {
    this.live = live;
    /** @type {Unit | null} */
    this.open = null;
    /** @type {Unit | null} */
    this.pointed = null;
    this.isWalking = false;
    this.listeners = new Set();
    this.resolve();
    live.subscribe((_, changed) => {
      if (!["layer", "unit", "network"].some((key) => changed.has(key))) return;
      this.isWalking = false;
      this.resolve();
      this.tell("open");
    });
  }

  /** The layers that the run came to. */
  get computed() {
    const {network, run} = this.live;
    return network.layers.filter(({name}) => Object.hasOwn(run.activations, name));
  }

  /** The one to look at now. */
  get shown() {
    return this.pointed ?? this.open;
  }

  /**
   * @param {number} index
   * @param {number[]} place
   */
  choose(index, place) {
    this.pointed = null;
    this.live.set({layer: this.live.network.layers[index].name, unit: writePlace(place)});
  }

  /** @param {number} index of the layer to go to, near where the open unit is */
  chooseLayer(index) {
    const {network: {layers}, run: {activations}} = this.live;
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
    this.isWalking = true;
    this.open = unit;
    this.tell("open");
  }

  /** Where the walk ends, it stays. */
  endWalk() {
    if (!this.isWalking) return;
    this.isWalking = false;
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

  /** Reads the state. What it leaves open is what was open before, or the strongest unit of the first layer with a kernel. */
  resolve() {
    const {live, computed} = this;
    this.open = null;
    if (!computed.length) return;
    const named = computed.find(({name}) => name === live.state.layer);
    const layer = named ?? computed.find(({weights}) => weights.kernel) ?? computed[0];
    const {shape} = live.run.activations[layer.name];
    const place = (named && readPlace(live.state.unit, shape)) ?? this.placeAtStart(layer);
    this.open = {index: live.network.layers.indexOf(layer), place};
  }

  /** The same one for as long as the page is open: it must not jump about while somebody draws. */
  placeAtStart({name}) {
    this.starts ??= new Map();
    if (!this.starts.has(name)) this.starts.set(name, strongestPlace(this.live.run.activations[name]));
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
