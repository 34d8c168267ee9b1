import {computeAttribution} from "../../attribution/compute.js";
import {greatestAt, overChannels, paintAttribution} from "../../attribution/maps.js";
import {drawWhenVisible} from "../../dom/draw-when-visible.js";
import {newElement, writeText} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {nextSlice} from "../../dom/scheduling.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {channelRanges, evenRange, joinedRange} from "../../image/color/range.js";
import {gradientTimesInput} from "../../network/gradient.js";
import {AttributionMaps} from "./maps-view.js";

/**
 * Attribution for one class of the open image, by all methods.
 *
 * @typedef {import("../../state/session.js").Session} Session
 */

/** Milliseconds without a change before the computation starts. */
const QUICK_REST = 30;

export function startAttribution(page, session) {
  const element = page.querySelector("#class-attribution");
  const pictures = new AttributionMaps(page, session);
  const choice = new ClassChoice(page, session);
  element.append(choice.element, pictures.element);
  let asked = 0;
  const redraw = drawWhenVisible(element, begin);

  /** Everything that was begun before is given up. */
  async function begin() {
    const mine = ++asked;
    const isWanted = () => mine === asked;
    const {network, run, open} = session;
    const target = targetOf(session);
    const image = Float32Array.from(open.pixels);
    const colors = themeColors(page, session);
    choice.show(target, run.probabilities);
    pictures.begin(target, image, colors);
    await rest(QUICK_REST);
    if (!isWanted()) return;
    const isWhole = await computeAttribution(network, image, [target], {
      isWanted,
      async show(way, [{values, found}]) {
        pictures.show(way, values, found);
        if (way === "gradient") await choice.showEvidence(network, image, session.run, colors, isWanted);
      },
    });
    if (isWhole) element.dataset.done = `${open.name} ${target}`;
  }

  const restart = () => {
    asked++;
    delete element.dataset.done;
    redraw();
  };
  session.subscribe((_, changed) => (changed.has("run") || changed.has("target")) && restart());
  onThemeChange(session, restart);
  redraw();
}

/** @returns {number} the class that is asked about */
export function targetOf({state: {target}, run: {probabilities}}) {
  return target >= 0 && target < probabilities.length ? target : greatestAt(probabilities);
}

async function rest(milliseconds) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await nextSlice();
}

/** Number of classes up to which each gets a tile; above it there is a list. */
const MAX_TILES = 20;
const CLASS_TILE_SIDE = 56;

/** Choice of the target class: tiles with gradient × input on one scale, or a list. */
export class ClassChoice {
  constructor(page, session) {
    Object.assign(this, {page, session});
    const names = session.payload.dataset.class_names;
    this.select = newElement(page, "select", {}, ...names.map((name, place) => newElement(page, "option", {value: place}, name)));
    this.select.addEventListener("change", () => this.choose(Number(this.select.value)));
    const title = newElement(page, "span", {}, "Attribution for the class");
    const label = newElement(page, "label", {class: "class-select", hidden: names.length <= MAX_TILES}, title, this.select);
    this.tiles = names.length > MAX_TILES ? [] : names.map((name, place) => {
      const picture = new PixelPicture(page, {"aria-hidden": "true"});
      const [rows, columns] = session.network.inputShape;
      picture.resize(columns, rows, Math.max(1, Math.floor(CLASS_TILE_SIDE / Math.max(rows, columns))));
      const share = newElement(page, "span", {class: "quiet"});
      const button = newElement(page, "button", {type: "button", class: "class-tile", "aria-pressed": "false"},
        picture.element, newElement(page, "bdi", {}, name), share);
      button.addEventListener("click", () => this.choose(place));
      return {picture, share, button};
    });
    const buttons = this.tiles.map(({button}) => button);
    const row = newElement(page, "div", {class: "class-tiles", role: "group", "aria-label": "The classes"}, ...buttons);
    row.hidden = !this.tiles.length;
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {class: "class-choice"}, label, row);
  }

  /** The answered class is asked about until the reader asks about another. */
  choose(target) {
    this.session.set({target});
  }

  show(target, probabilities) {
    if (this.select.value !== String(target)) this.select.value = String(target);
    this.tiles.forEach(({share, button}, place) => {
      button.setAttribute("aria-pressed", String(place === target));
      writeText(share, formatProbability(probabilities[place]));
    });
  }

  /**
   * @param {import("../../network/network.js").Network} network
   * @param {Float32Array} image
   * @param {import("../../network/network.js").Run} run
   * @param {import("../../dom/theme-colors.js").ThemeColors} colors
   * @param {() => boolean} isWanted
   */
  async showEvidence(network, image, run, colors, isWanted) {
    const channels = network.inputShape[2];
    const found = [];
    for (let place = 0; place < this.tiles.length; place++) {
      found.push(overChannels(gradientTimesInput(network, image, run, place), channels));
      await nextSlice();
      if (!isWanted()) return;
    }
    if (!found.length) return;
    const scale = {...evenRange(joinedRange(found.map((values) => channelRanges(values, 1)[0]))), table: colors.signed};
    this.tiles.forEach(({picture}, place) => {
      paintAttribution(found[place], scale, image, colors, picture.bytes);
      picture.show();
    });
  }
}
