import {newElement, writeText} from "../../dom/element.js";
import {PixelPicture} from "../../dom/pixel-picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {layOutTiles, paintTiles, perLineOfBlock} from "../../dom/tiles.js";
import {channelRanges, evenRange, joinedRange} from "../../image/color/range.js";

/** Screen pixels for each of the three pictures. */
const PICTURE_ROOM = 200;

/** Input, weights and products of a unit that reads whole feature maps, each laid out as its input. */
export class ContributionPictures {
  constructor(page, session) {
    Object.assign(this, {page, session});
    this.parts = [["input", ""], ["weight", "×"], ["product", "="]].map(([part, sign]) => {
      const picture = new PixelPicture(page, {"aria-hidden": "true"});
      const [legend, caption] = [new ScaleLegend(page), newElement(page, "figcaption")];
      const element = newElement(page, "figure", {class: "unit-picture"}, caption, picture.element, legend.element);
      return {part, sign, picture, legend, caption, element};
    });
    /** @type {HTMLElement} */
    this.element = newElement(page, "div", {class: "unit-pictures contributions"}, ...this.parts.map(({element}) => element));
  }

  /**
   * @param {import("../../network/unit-arithmetic.js").Explanation} told of a dense unit
   * @param {{name: string, shape: number[], index: number}} source what it reads
   * @param {import("./arithmetic.js").AccountView} view
   */
  show({terms}, {name, shape, index}, {colors, ranges, signed, weightExtent}) {
    const [rows, columns, count] = shape;
    const scale = Math.max(1, Math.floor(PICTURE_ROOM / lineOf(shape)));
    const layout = layOutTiles({count, rows, columns}, lineOf(shape));
    const own = index < 0 ? {minimum: 0, maximum: 1} : joinedRange(ranges[this.session.network.layers[index].name]);
    const inputTable = index < 0 ? colors.pixels : signed[index] ? colors.signed : colors.unsigned;
    for (const {part, sign, picture, legend, caption} of this.parts) {
      const values = terms.map((term) => term[part]);
      const colours = part === "input" ? {...own, table: inputTable}
        : part === "weight" ? {minimum: -weightExtent, maximum: weightExtent, table: colors.signed}
          : {...evenRange(joinedRange(channelRanges(values, 1))), table: colors.signed};
      picture.resize(layout.width, layout.height, scale);
      paintTiles(values, layout, () => colours, picture.bytes);
      picture.show();
      legend.show(colours);
      writeText(caption, part === "input" ? name : `${sign} ${part}s`);
    }
  }
}

/** Return how many channels to put in a line so that the picture is about square. */
function lineOf([, columns, count]) {
  return perLineOfBlock(count) * (columns + 1) - 1;
}
