import {computeAttribution, ATTRIBUTION_METHODS} from "../../attribution/compute.js";
import {drawAttribution} from "../../attribution/maps.js";
import {newGlossaryButton, newElement, quotedName, refill} from "../../dom/element.js";
import {newPicture} from "../../dom/picture.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {drawWhenVisible} from "../../dom/scheduling.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {channelRanges, evenRange, formatNumber, joinedRange} from "../../image/color/range.js";

/**
 * Attribution for two classes of the open image side by side, on one scale, with the final weights.
 * @typedef {object} CaseClasses
 * @property {HTMLElement} node
 * @property {(pixels: Float32Array, labels: number[], told: (label: number) => string) => void} show `told`: what a class is in
 *   this case, as "true class"
 * @property {() => void} hide
 */

const CLASS_PICTURE_SIDE = 84;

/** @returns {CaseClasses} */
export function makeAttributionDetails(session) {
  const {names, shape} = session;
  const head = newElement("div", {class: "class-pair", "aria-hidden": "true"});
  const ways = ATTRIBUTION_METHODS.map((way) => newWayRow(way, shape));
  const door = newElement("button", {type: "button", class: "link"}, "Larger maps, with explanations, over the open image");
  const legend = new ScaleLegend();
  const reading = newElement(
    "p", {class: "reading"}, "The maps in a row share one colour scale; its maximum is the number next to the title.",
  );
  const node = newElement(
    "details", {class: "details-part details-classes", name: "case-part", "data-part": "attribution", hidden: true}, newElement("summary", {}, "Attribution by class"),
    head, ...ways.map((row) => row.node), legend.element, reading, newElement("p", {class: "small"}, door),
  );
  let [wanted, asked] = [null, 0];
  door.addEventListener("click", () => {
    session.set({target: wanted.labels[0]});
    document.getElementById("pad")?.scrollIntoView({block: "center"});
  });
  const redraw = drawWhenVisible(node, begin);

  /** Everything that was begun before is given up. */
  async function begin() {
    const mine = ++asked;
    const isWanted = () => mine === asked;
    if (!wanted) return;
    const {pixels, labels, told} = wanted;
    const network = await session.networkAt(0);
    if (!isWanted() || !network || network.unknown.length) return;
    delete node.dataset.done;
    const image = Float32Array.from(pixels);
    const colors = themeColors(session);
    legend.showWords(colors.signed, ["against the class", "for it"]);
    const isWhole = await computeAttribution(network, image, labels, {
      isWanted,
      show: (way, found) => ways.find((row) => row.way === way).show(found, image, colors, (label) => `${names[label]}, ${told(label)}`),
    });
    if (isWhole) node.dataset.done = labels.join(" ");
  }

  onThemeChange(session, () => {
    asked++;
    redraw();
  });

  return {
    node,
    show(pixels, labels, told) {
      wanted = {pixels, labels, told};
      asked++;
      node.hidden = false;
      refill(head, ...labels.map((label) => {
        const role = newElement("span", {class: "quiet"}, told(label));
        return newElement("p", {title: names[label]}, newElement("strong", {}, ...quotedName(names[label])), role);
      }));
      for (const row of ways) row.begin(labels.length);
      redraw();
    },
    hide() {
      [wanted, node.hidden] = [null, true];
      asked++;
    },
  };
}

/** Create the row of one method: a map per class and their common scale. */
function newWayRow({way, title, asked, words, short}, shape) {
  const cells = [0, 1].map(() => {
    const picture = newPicture(shape, CLASS_PICTURE_SIDE);
    picture.removeAttribute("aria-hidden");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `${title}: not yet computed`);
    const number = newElement("p", {class: "small"});
    return {picture, number, node: newElement("div", {}, picture, number)};
  });
  const end = newElement("span", {class: "quiet"});
  const node = newElement(
    "figure", {class: "attribution-method", "data-method": way}, newElement("figcaption", {title: words}, title, newGlossaryButton(asked), " ", end),
    newElement("div", {class: "class-pair"}, ...cells.map((cell) => cell.node)),
  );
  return {
    way,
    node,
    begin(count) {
      node.classList.add("is-old");
      cells.forEach((cell, place) => (cell.node.hidden = place >= count));
    },
    /** @param {import("../../attribution/compute.js").ClassEvidence[]} found */
    show(found, image, colors, call) {
      const range = evenRange(joinedRange(found.map(({values}) => channelRanges(values, 1)[0])));
      const scale = {...range, table: colors.signed};
      found.forEach(({target, values, found: numbers}, place) => {
        const {picture, number, node: cell} = cells[place];
        drawAttribution(picture, values, scale, image, colors);
        number.textContent = short(numbers);
        picture.setAttribute("aria-label", `${title} for ${call(target)}: ${number.textContent}`);
        cell.dataset.sum = String(numbers.sum ?? numbers.drop);
      });
      end.textContent = `±${formatNumber(range.maximum)}`;
      node.classList.remove("is-old");
    },
  };
}
