import {boxGap, boxHeight, boxWidth, mergedGroup} from "./grouping.js";

/** Parts of one digit are at most 1 / 4 of the larger one's height apart; a part under 1 / 2 of it is small. */
const PART_REACH = 4;
const SMALL_PART = 2;
const GAP_COST = 3;
const LEEWAY = 0.5;

/**
 * Join the parts of one digit, such as the strokes of an open 4; rule and constants as in `data/digits/joining.py`. Pure: no DOM.
 * @param {(group: import("./grouping.js").Group) => [number, number]} read class and log-probability
 */
export function joinParts(groups, read) {
  const readings = new Map();
  const reading = (group) => {
    const key = group.pieces.join();
    if (!readings.has(key)) readings.set(key, read(group));
    return readings.get(key);
  };
  for (let remaining = groups; ;) {
    let [best, pair] = [0, null];
    remaining.forEach((one, place) => remaining.slice(0, place).forEach((other) => {
      const gap = boxGap(one.box, other.box);
      const heights = [boxHeight(one.box), boxHeight(other.box)];
      const height = Math.max(...heights);
      const joined = mergedGroup(other, one);
      if (PART_REACH * gap > height || boxWidth(joined.box) > boxHeight(joined.box)) return;
      const [[label, share], ...parts] = [joined, one, other].map(reading);
      if (SMALL_PART * Math.min(...heights) >= height && parts.some(([part]) => part === label)) return;
      const evidence = share - parts[0][1] - parts[1][1] - (GAP_COST * gap) / height + LEEWAY;
      if (evidence > best) [best, pair] = [evidence, {other, one, joined}];
    }));
    if (!pair) return remaining;
    remaining = remaining.filter((group) => group !== pair.one).map((group) => (group === pair.other ? pair.joined : group));
  }
}
