import {gradientTimesInput} from "../engine/gradient.js";
import {channelRanges, evenRange, joinedRange} from "../image/scale.js";
import {nextSlice} from "../slices.js";
import {overChannels, paintEvidence} from "./evidence-pixels.js";
import {newNode, writeText} from "./node.js";
import {percentOf} from "./percent.js";
import {PixelPicture} from "./pixel-picture.js";

/** Classes that get a tile; with more, a list has to do. */
const MOST_TILES = 20;
const CLASS_TILE_SIDE = 56;

/**
 * Which class is asked about: a tile for each, with its gradient × input in small, all on one scale; or a list.
 */
export class ClassChoice {
  /**
   * @param {Document} page
   * @param {import("../live.js").Live} live
   */
  constructor(page, live) {
    Object.assign(this, {page, live});
    const names = live.payload.dataset.class_names;
    this.select = newNode(page, "select", {}, ...names.map((name, place) => newNode(page, "option", {value: place}, name)));
    this.select.addEventListener("change", () => this.choose(Number(this.select.value)));
    const title = newNode(page, "span", {}, "What speaks for the class");
    const label = newNode(page, "label", {class: "class-select", hidden: names.length <= MOST_TILES}, title, this.select);
    this.tiles = names.length > MOST_TILES ? [] : names.map((name, place) => {
      const picture = new PixelPicture(page, {"aria-hidden": "true"});
      const [rows, columns] = live.network.inputShape;
      picture.resize(columns, rows, Math.max(1, Math.floor(CLASS_TILE_SIDE / Math.max(rows, columns))));
      const share = newNode(page, "span", {class: "quiet"});
      const button = newNode(page, "button", {type: "button", class: "class-tile", "aria-pressed": "false"},
        picture.element, newNode(page, "bdi", {}, name), share);
      button.addEventListener("click", () => this.choose(place));
      return {picture, share, button};
    });
    const buttons = this.tiles.map(({button}) => button);
    const row = newNode(page, "div", {class: "class-tiles", role: "group", "aria-label": "The classes"}, ...buttons);
    row.hidden = !this.tiles.length;
    /** @type {HTMLElement} */
    this.element = newNode(page, "div", {class: "class-choice"}, label, row);
  }

  /** The answered class is asked about until the reader asks about another. */
  choose(target) {
    this.live.set({target});
  }

  /**
   * @param {number} target
   * @param {ArrayLike<number>} probabilities
   */
  show(target, probabilities) {
    if (this.select.value !== String(target)) this.select.value = String(target);
    this.tiles.forEach(({share, button}, place) => {
      button.setAttribute("aria-pressed", String(place === target));
      writeText(share, percentOf(probabilities[place]));
    });
  }

  /**
   * @param {import("../engine/network.js").Network} network
   * @param {Float32Array} image
   * @param {import("../engine/network.js").Run} run
   * @param {import("../drawing/paper.js").Paper} paper
   * @param {() => boolean} isWanted
   */
  async showEvidence(network, image, run, paper, isWanted) {
    const channels = network.inputShape[2];
    const found = [];
    for (let place = 0; place < this.tiles.length; place++) {
      found.push(overChannels(gradientTimesInput(network, image, run, place), channels));
      await nextSlice();
      if (!isWanted()) return;
    }
    if (!found.length) return;
    const scale = {...evenRange(joinedRange(found.map((values) => channelRanges(values, 1)[0]))), table: paper.signed};
    this.tiles.forEach(({picture}, place) => {
      paintEvidence(found[place], scale, image, paper, picture.bytes);
      picture.show();
    });
  }
}
