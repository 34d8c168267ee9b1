import {findEvidence} from "../../attribution/compute.js";
import {greatestAt, overChannels, paintEvidence} from "../../attribution/maps.js";
import {drawWhenSeen} from "../../dom/draw-when-visible.js";
import {newNode, writeText} from "../../dom/element.js";
import {percentOf} from "../../dom/format.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {nextSlice} from "../../dom/scheduling.js";
import {onNewPaper, paperOf} from "../../dom/theme-colors.js";
import {channelRanges, evenRange, joinedRange} from "../../image/color/range.js";
import {gradientTimesInput} from "../../network/gradient.js";
import {EvidencePictures} from "./maps-view.js";

/**
 * What in the open image speaks for a class: by gradients, by the way from zeros to the image, by covering patches.
 *
 * @typedef {import("../../state/session.js").Live} Live
 */

/** Milliseconds of rest before the work begins. */
const QUICK_REST = 30;

/**
 * @param {Document} page
 * @param {Live} live
 */
export function startClassEvidence(page, live) {
  const element = page.querySelector("#class-evidence");
  const pictures = new EvidencePictures(page, live);
  const choice = new ClassChoice(page, live);
  element.append(choice.element, pictures.element);
  let asked = 0;
  const redraw = drawWhenSeen(element, begin);

  /** Everything that was begun before is given up. */
  async function begin() {
    const mine = ++asked;
    const isWanted = () => mine === asked;
    const {network, run, open} = live;
    const target = targetOf(live);
    const image = Float32Array.from(open.pixels);
    const paper = paperOf(page, live);
    choice.show(target, run.probabilities);
    pictures.begin(target, image, paper);
    await rest(QUICK_REST);
    if (!isWanted()) return;
    const isWhole = await findEvidence(network, image, [target], {
      isWanted,
      async show(way, [{values, found}]) {
        pictures.show(way, values, found);
        if (way === "gradient") await choice.showEvidence(network, image, live.run, paper, isWanted);
      },
    });
    if (isWhole) element.dataset.done = `${open.name} ${target}`;
  }

  const restart = () => {
    asked++;
    delete element.dataset.done;
    redraw();
  };
  live.subscribe((_, changed) => (changed.has("run") || changed.has("target")) && restart());
  onNewPaper(live, restart);
  redraw();
}

/**
 * @param {Live} live
 * @returns {number} the class that is asked about
 */
export function targetOf({state: {target}, run: {probabilities}}) {
  return target >= 0 && target < probabilities.length ? target : greatestAt(probabilities);
}

async function rest(milliseconds) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await nextSlice();
}

/** Classes that get a tile; with more, a list has to do. */
const MOST_TILES = 20;
const CLASS_TILE_SIDE = 56;

/**
 * Which class is asked about: a tile for each, with its gradient × input in small, all on one scale; or a list.
 */
export class ClassChoice {
  /**
   * @param {Document} page
   * @param {import("../../state/session.js").Live} live
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
   * @param {import("../../network/network.js").Network} network
   * @param {Float32Array} image
   * @param {import("../../network/network.js").Run} run
   * @param {import("../../dom/theme-colors.js").Paper} paper
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
