import {inputsOfImage} from "../data/images.js";
import {makeWorkspace, runNetwork} from "../engine/network.js";
import {isPicture} from "../engine/shape.js";
import {channelRanges, formatNumber, joinedRange} from "../image/scale.js";
import {drawWhenSeen} from "../seen.js";
import {nextSlice} from "../slices.js";
import {ClassLine} from "./class-line.js";
import {channelMeans, firstOfEachClass, mostDiffering} from "./class-means.js";
import {namedNode, newNode} from "./node.js";
import {onNewPaper, paperOf} from "../drawing/paper.js";
import {ScaleLegend} from "./scale-legend.js";
import {rangeOfColours, signedLayers} from "../drawing/signs.js";
import {layTiles} from "./tiles.js";

/** Classes that get a line. */
const MOST_LINES = 12;
/** Screen pixels: a map should be as wide at least, a unit of no picture at most, and what the label of a line takes. */
const [LEAST_MAP, LARGEST_CELL, LABEL_ROOM] = [28, 16, 100];

/**
 * One image of each class, a line each, as the open unit's layer sees it: a column down is one channel.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 * @param {import("./open-unit.js").OpenUnit} unit
 * @returns {boolean} whether there are images of two classes at least
 */
export function startClassRows(page, live, unit) {
  const {images: {test}, payload: {dataset: {class_names: names}}} = live;
  const rows = test ? firstOfEachClass(test.labels, test.indices, names.length).slice(0, MOST_LINES) : [];
  if (rows.length < 2 || !unit.open) return false;
  const board = new ClassBoard(page, live, unit, rows);
  const element = page.querySelector("#class-rows");
  element.append(board.title, board.legend.element, board.body);
  const redraw = drawWhenSeen(element, () => board.draw());
  live.subscribe((_, changed) => changed.has("network") && redraw());
  unit.subscribe(() => unit.open.index !== board.index && redraw());
  onNewPaper(live, redraw);
  redraw();
  return true;
}

/** The lines, what they share, and the finding above them. */
class ClassBoard {
  constructor(page, live, unit, rows) {
    Object.assign(this, {page, live, unit, rows, index: -1, asked: 0, signed: signedLayers(live.network)});
    this.title = newNode(page, "p", {class: "account-title"});
    this.legend = new ScaleLegend(page);
    this.lines = rows.map((row) => new ClassLine(page, live, row, (column) => this.mark(column)));
    this.body = newNode(page, "div", {class: "class-lines", tabindex: "0", role: "group", "aria-label": "One image of each class"},
      ...this.lines.map(({element}) => element));
  }

  /** Runs the network on each image, one slice each. */
  async draw() {
    const mine = ++this.asked;
    const {live: {network, images: {test}}, rows} = this;
    this.index = this.unit.open.index;
    const {name} = network.layers[this.index];
    const workspace = makeWorkspace(network);
    const found = [];
    for (const row of rows) {
      found.push(runNetwork(network, inputsOfImage(test, row), workspace).activations[name].data.slice());
      await nextSlice();
      if (mine !== this.asked) return;
    }
    this.paint(found);
    this.tell(found);
  }

  /** @param {Float32Array[]} found the layer's activations, for each image */
  paint(found) {
    const paper = paperOf(this.page, this.live);
    const {outputShape: shape} = this.live.network.layers[this.index];
    const isSigned = this.signed[this.index];
    const joined = joinedRange(found.map((data) => channelRanges(data, 1)[0]));
    const scale = {...rangeOfColours(joined, isSigned), table: isSigned ? paper.signed : paper.unsigned};
    const isMap = isPicture(shape);
    const tiles = isMap ? {count: shape[2], rows: shape[0], columns: shape[1]} : {count: shape[0], rows: 1, columns: 1};
    const layout = layTiles(tiles, Infinity, isMap ? 1 : 0);
    const fitting = Math.floor((this.body.clientWidth - LABEL_ROOM) / layout.width);
    const side = isMap ? Math.max(1, Math.round(LEAST_MAP / shape[1]), fitting) : Math.max(4, Math.min(LARGEST_CELL, fitting));
    this.lines.forEach((line, place) => line.show(found[place], layout, side, scale, paper));
    this.legend.show(scale);
  }

  /** The finding: which channel tells these images apart best. */
  tell(found) {
    const {live: {network, images: {test}, payload: {dataset: {class_names: names}}}, page, rows} = this;
    const {name, outputShape: shape} = network.layers[this.index];
    const means = found.map((data) => channelMeans(data, shape[shape.length - 1]));
    const {channel, least, most} = mostDiffering(means);
    const nameOf = (place) => namedNode(page, names[test.labels[rows[place]]]);
    const [what, from] = isPicture(shape) ? ["channel", "a mean of "] : ["unit", ""];
    this.title.replaceChildren(namedNode(page, name), `: ${what} ${channel} differs most between these ${rows.length} images, `,
      `from ${from}${formatNumber(means[least][channel])} for “`, nameOf(least),
      `” to ${formatNumber(means[most][channel])} for “`, nameOf(most), "”.");
  }

  /** @param {number} column −1 for none */
  mark(column) {
    for (const line of this.lines) line.mark(column);
  }
}
