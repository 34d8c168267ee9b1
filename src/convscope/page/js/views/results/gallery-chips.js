import {newElement} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {startRovingFocus} from "../../dom/roving-focus.js";

/**
 * Filters as toggles, each with the number of its images. All together are one tab stop.
 *
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {Partial<Selection>} Filter
 * @typedef {import("../../dom/element.js").Content} Content
 *
 * @param {{title: string, entries: {content: Content[], filter: Filter}[]}[]} groups
 * @param {(filter: Filter, isOn: boolean) => void} choose `isOn`: whether it is to hold
 * @returns {{node: HTMLElement, show: (selection: Filter, countOf: (filter: Filter) => number) => void}}
 */
export function makeChips(page, groups, choose) {
  const chips = [];
  const newChip = ({content, filter}) => {
    const count = newElement(page, "span", {class: "quiet"});
    const node = newElement(page, "button", {type: "button", class: "chip", tabindex: -1}, newElement(page, "span", {}, ...content), count);
    node.addEventListener("click", () => choose(filter, node.getAttribute("aria-pressed") !== "true"));
    chips.push({node, count, filter});
    return node;
  };
  const lines = groups.filter(({entries}) => entries.length).map(({title, entries}) =>
    newElement(page, "div", {class: "chips", role: "group", "aria-label": title}, newElement(page, "span", {class: "quiet"}, title), ...entries.map(newChip)));
  const node = newElement(page, "div", {}, ...lines);
  startRovingFocus(node, ".chip");
  return {
    node,
    show(selection, countOf) {
      for (const chip of chips) {
        const isOn = Object.entries(chip.filter).every(([key, value]) => selection[key] === value);
        chip.node.setAttribute("aria-pressed", String(isOn));
        chip.count.textContent = ` (${formatWhole(countOf(chip.filter))})`;
      }
    },
  };
}
