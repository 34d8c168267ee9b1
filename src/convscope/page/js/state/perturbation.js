import {NO_CHANGE} from "../image/perturb.js";

/** The transformation of the open image as text for the hash: `turn:15,noise:0.2`. Pure: no DOM. */

/** @param {string} text any text @returns {import("../image/perturb.js").Change} what is not understood is left out */
export function parseChange(text) {
  const change = {...NO_CHANGE};
  for (const part of text.split(",")) {
    const [key, value] = part.split(":");
    if (Object.hasOwn(NO_CHANGE, key) && value && Math.abs(Number(value)) <= 1000) change[key] = Number(value);
  }
  if (!(change.scale >= 0.1)) change.scale = 1;
  return change;
}

/** @param {Partial<import("../image/perturb.js").Change>} change @returns {string} "" for none */
export function formatChange(change) {
  return Object.keys(NO_CHANGE)
    .filter((key) => change[key] !== undefined && change[key] !== NO_CHANGE[key])
    .map((key) => `${key}:${Number(change[key].toFixed(3))}`)
    .join(",");
}
