import {paintAttribution} from "../../attribution/maps.js";
import {ATTRIBUTION_METHODS} from "../../attribution/methods.js";
import {newGlossaryButton, newElement} from "../../dom/element.js";
import {frameOfBox} from "../../dom/overlay.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {channelRanges, evenRange, formatNumber} from "../../image/color/range.js";

/** Screen pixels of a side. */
const ATTRIBUTION_SIDE = 210;

/** One map per method, with its scale, its sum and a sentence about it. */
export class AttributionMaps {
  constructor(page, session) {
    Object.assign(this, {page, session, colors: null, image: null});
    const [rows, columns] = session.network.inputShape;
    this.ways = ATTRIBUTION_METHODS.map(({way, title, asked, words, tell}) => {
      const picture = new PixelPicture(page, {role: "img", "aria-label": `${title}: not yet computed`});
      picture.resize(columns, rows, Math.max(1, Math.floor(ATTRIBUTION_SIDE / Math.max(rows, columns))));
      const legend = new ScaleLegend(page);
      const caption = newElement(page, "figcaption", {}, title, newGlossaryButton(page, asked));
      const found = newElement(page, "p", {class: "attribution-result"});
      const element = newElement(page, "figure", {class: "unit-picture", "data-method": way}, caption,
        picture.element, legend.element, found, newElement(page, "p", {class: "quiet"}, words));
      return {way, title, tell, picture, legend, found, element};
    });
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {class: "unit-pictures attribution"}, ...this.ways.map(({element}) => element));
  }

  /** Another image or class: what was found before is about something else; its picture fades and its sentence goes until it is found anew. */
  begin(target, image, colors) {
    Object.assign(this, {target, image, colors});
    for (const {element} of this.ways) element.classList.add("is-old");
  }

  /**
   * @param {string} way
   * @param {Float32Array} values one per pixel
   * @param {object} found numbers for the sentence below
   */
  show(way, values, found) {
    const each = this.ways.find((one) => one.way === way);
    const range = evenRange(channelRanges(values, 1)[0]);
    const scale = {...range, table: this.colors.signed};
    paintAttribution(values, scale, this.image, this.colors, each.picture.bytes);
    each.picture.show();
    each.picture.mark(way === "occlusion" && found.drop > 0 ? [{kind: "field", frame: frameOfBox(found.box)}] : []);
    each.legend.show(scale, (value) => (value > 0 ? `+${formatNumber(value)}` : formatNumber(value)));
    const sentence = each.tell(found);
    each.found.textContent = sentence;
    each.element.dataset.sum = String(found.sum ?? found.drop);
    each.picture.canvas.setAttribute("aria-label", `${each.title} for ${this.session.payload.dataset.class_names[this.target]}. ${sentence}`);
    each.element.classList.remove("is-old");
  }
}
