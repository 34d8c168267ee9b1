import {newElement, writeText} from "../../dom/element.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {extentOf, weightTilesOf, weightsOfPicture} from "./kernel-tiles.js";

/** Screen pixels of a side of a picture. */
const QUESTION_SIDE = 66;

/** A question before a kernel is moved for the first time: which of three maps does it make of a vertical stroke? */
export class KernelQuestion {
  /** @param {() => void} onDone called once the question is answered or skipped */
  constructor(session, onDone) {
    Object.assign(this, {session, onDone, isAsked: false, layer: -1});
    this.element = newElement("div", {class: "kernel-question", role: "group", "aria-label": "Predict what the kernel does", hidden: true});
    this.told = newElement("p", {class: "question-told", role: "status"});
  }

  /**
   * Ask, unless it was asked before or the layer has no kernel that moves.
   * @param {number} index of the layer
   * @param {number} output the filter
   * @param {number} channel of the input
   * @returns {boolean} whether there is nothing to ask
   */
  mayStart(index, output, channel, colors) {
    const {session: {network}} = this;
    const tiles = weightTilesOf(network, index);
    const isPassedOver = !this.element.hidden; // by a second press; unanswered, it comes again
    this.element.hidden = true;
    this.layer = index;
    if (isPassedOver || this.isAsked || !tiles?.isWindow || tiles.rows * tiles.columns < 2) return true;
    const {kernel} = network.layers[index].weights;
    const input = tiles.stack > 1 ? channel : 0;
    const {answers, right, where} = strokeAnswers(tiles, kernel, output, input);
    const picture = ({values, rows, columns}, table, minimum) => {
      const drawn = new PixelPicture({"aria-hidden": "true"});
      const extent = extentOf(values);
      drawn.resize(columns, rows, Math.max(1, Math.floor(QUESTION_SIDE / Math.max(rows, columns))));
      drawn.paint(values, {minimum: minimum ?? -extent, maximum: extent, table});
      return drawn.element;
    };
    const buttons = answers.map((answer, number) => {
      const mark = newElement("span", {}, "ABC"[number]);
      const click = () => this.reveal(buttons, number, right, where);
      return {button: newElement("button", {type: "button", class: "stroke-answer", click}, picture(answer, colors.signed), mark), mark};
    });
    const skip = newElement("button", {type: "button", click: () => this.close()}, "Skip");
    const shown = {values: weightsOfPicture(tiles, kernel, output, input), rows: tiles.rows, columns: tiles.columns};
    writeText(this.told, "");
    this.element.replaceChildren(
      newElement("p", {class: "question-title"}, "What will this kernel do to a vertical stroke?"),
      newElement("div", {class: "question-line"}, picture(strokeImage(tiles), colors.pixels, 0), newElement("span", {}, "→"), picture(shown, colors.signed),
        newElement("span", {}, "→"), ...buttons.map(({button}) => button), this.told, skip));
    this.element.hidden = false;
    buttons[0].button.focus({preventScroll: true});
    return false;
  }

  /** Close the question where another layer is open. @param {number} index */
  follow(index) {
    if (index !== this.layer) this.element.hidden = true;
  }

  reveal(buttons, picked, right, where) {
    this.isAsked = true;
    buttons.forEach(({button, mark}, number) => {
      button.disabled = true;
      button.dataset.truth = number === right ? "right" : number === picked ? "wrong" : "";
      writeText(mark, `${"ABC"[number]}${number === right ? " ✓" : number === picked ? " ✕" : ""}`);
    });
    writeText(this.told, `${picked === right ? "Correct" : `No, it is ${"ABC"[right]}`}: ${where}. The other two are other kernels of this layer.`);
    const last = this.element.querySelector(".question-line > :last-child");
    writeText(last, "Close");
    this.onDone();
  }

  close() {
    this.isAsked = true;
    this.element.hidden = true;
    this.onDone();
  }
}

/**
 * What kernels make of a vertical stroke, for a question with three answers. Pure: no DOM.
 * @typedef {import("./kernel-tiles.js").WeightTiles} WeightTiles
 * @typedef {{values: Float32Array, rows: number, columns: number}} Map2D
 */

/** Columns of the stroke, pixels beside it, and other kernels that are considered. */
const [STROKE_WIDTH, AROUND_STROKE, MAX_CONSIDERED] = [2, 3, 200];
/** Rows above the stroke and below it, and the share of the strongest response that counts as strongest too. */
const [STROKE_GAP, NEARLY] = [2, 0.9];

/** @param {WeightTiles} tiles @returns {Map2D} a stroke from top to bottom, with room for the kernel on both sides */
export function strokeImage({rows, columns}) {
  const side = STROKE_WIDTH + 2 * (AROUND_STROKE + Math.max(rows, columns) - 1);
  const first = (side - STROKE_WIDTH) / 2;
  const values = Float32Array.from({length: side * side}, (_, place) => Number(place % side >= first && place % side < first + STROKE_WIDTH));
  for (let place = 0; place < side * STROKE_GAP; place++) values[place] = values[values.length - 1 - place] = 0;
  return {values, rows: side, columns: side};
}

/**
 * Return the cross-correlation of a picture with a kernel, without padding.
 * @param {Map2D} picture
 * @param {{rows: number, columns: number}} size of the kernel
 * @returns {Map2D}
 */
export function crossCorrelation({values, rows, columns}, kernel, size) {
  const [high, wide] = [rows - size.rows + 1, columns - size.columns + 1];
  const answer = new Float32Array(high * wide);
  for (let place = 0; place < answer.length; place++) {
    const corner = Math.floor(place / wide) * columns + (place % wide);
    for (let weight = 0; weight < kernel.length; weight++) {
      answer[place] += kernel[weight] * values[corner + Math.floor(weight / size.columns) * columns + (weight % size.columns)];
    }
  }
  return {values: answer, rows: high, columns: wide};
}

/**
 * Return the map of one kernel between those of two others, as different as possible from it and from each other.
 * @param {ArrayLike<number>} kernel of the layer
 * @returns {{answers: Map2D[], right: number, where: string}} `where`: what the right one shows
 */
export function strokeAnswers(tiles, kernel, output, channel) {
  const picture = strokeImage(tiles);
  const own = weightsOfPicture(tiles, kernel, output, channel);
  const count = tiles.outputs * tiles.stack;
  const step = Math.max(1, Math.floor(count / MAX_CONSIDERED));
  const others = [];
  for (let number = 0; number < count; number += step) {
    const [filter, input] = [Math.floor(number / tiles.stack), number % tiles.stack];
    if (filter !== output || input !== channel) others.push(weightsOfPicture(tiles, kernel, filter, input));
  }
  // A layer with few kernels also gets its own one, negated and mirrored.
  if (others.length < 2) others.push(own.map((weight) => -weight), [...own].reverse());
  const [truth, ...maps] = [own, ...others].map((each) => crossCorrelation(picture, each, tiles));
  const farthest = (from) => maps.reduce((best, map) => {
    const distance = Math.min(...from.map((each) => distanceOf(each.values, map.values)));
    return distance > best.distance ? {map, distance} : best;
  }, {map: maps[0], distance: -1}).map;
  const first = farthest([truth]);
  const answers = [first, farthest([truth, first])];
  const right = (output + channel) % 3;
  answers.splice(right, 0, truth);
  return {answers, right, where: whereStrongest(truth)};
}

/** Return the distance between two maps, each scaled to a largest magnitude of 1. */
function distanceOf(one, other) {
  const [first, second] = [one, other].map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1);
  return one.reduce((sum, value, place) => sum + (value / first - other[place] / second) ** 2, 0);
}

/**
 * Return where the response is strongest relative to the stroke: along it, at its ends, or both.
 * @param {Map2D} answer of a kernel
 */
function whereStrongest({values, rows, columns}) {
  const most = values.reduce((best, value) => Math.max(best, value), 0);
  if (!(most > 1e-6)) return "nowhere does it respond positively";
  // Windows of these rows are between the ends of the stroke, so that they all see the same.
  const [first, last] = [STROKE_GAP, rows - 1 - STROKE_GAP];
  const greatestOf = (from, to) => values.subarray(from * columns, to * columns).reduce((best, value) => Math.max(best, value), 0);
  const along = values.subarray(first * columns, (first + 1) * columns);
  const greatest = greatestOf(first, first + 1);
  const ends = [["top", greatestOf(0, first)], ["bottom", greatestOf(last + 1, rows)]].filter(([, value]) => value >= NEARLY * most).map(([name]) => name);
  if (greatest >= NEARLY * most) return `it responds most ${sideOf(along, greatest)}`;
  const where = ends.length > 1 ? "at both ends of the stroke" : `at the ${ends[0]} end of the stroke`;
  return `it responds most ${where}${greatest >= most / 2 ? `, and also ${sideOf(along, greatest)}` : ""}`;
}

/** Return the side of the stroke on which the responses along it are. */
function sideOf(along, greatest) {
  const [positive, middle] = [along.map((value) => Math.max(0, value)), (along.length - 1) / 2];
  const greatestWhere = (isThere) => positive.reduce((best, value, column) => (isThere(column - middle) ? Math.max(best, value) : best), 0);
  const onIt = greatestWhere((offset) => Math.abs(offset) <= STROKE_WIDTH / 2);
  const beside = Math.min(greatestWhere((offset) => offset < -STROKE_WIDTH / 2), greatestWhere((offset) => offset > STROKE_WIDTH / 2));
  if (onIt < greatest / 2 && beside >= greatest / 2) return "along both sides of the stroke";
  const side = positive.reduce((sum, value, column) => sum + value * (column - middle), 0) / positive.reduce((sum, value) => sum + value, 0);
  return Math.abs(side) <= STROKE_WIDTH / 4 ? "on the stroke" : `along the ${side < 0 ? "left" : "right"} side of the stroke`;
}
