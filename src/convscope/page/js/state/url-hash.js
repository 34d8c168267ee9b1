import {SCALE_MODES} from "../image/color/range.js";
import {INITIAL_STATE} from "./state.js";

/**
 * The page's state in the URL hash, so that a view can be shared. Pure: no DOM.
 *
 * `figure-loss&theme=dark&image=test-123` is the anchor `figure-loss` in the dark theme with test image 123 open.
 * Defaults are left out.
 * @typedef {import("./state.js").State} State
 */

/** @type {import("./state.js").Theme[]} */
const THEMES = ["auto", "light", "dark"];

/** Parser for each key; invalid values give the default. */
const HASH_READERS = {
  theme: (text) => THEMES.find((known) => known === text),
  image: (text) => (/^(?:(?:test|train)-\d{1,9}|drawing|picture)$/.test(text) ? text : undefined),
  ink: (text) => (/^[\w.~-]*$/.test(text) ? text : undefined),
  change: (text) => (/^[\w.,:-]*$/.test(text) ? text : undefined),
  epoch: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : undefined),
  layer: (text) => text,
  unit: (text) => (/^\d{1,9}(?:\.\d{1,9}){0,2}$/.test(text) ? text : undefined),
  scale: (text) => SCALE_MODES.find((known) => known === text),
  target: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : undefined),
};

/**
 * @param {string} hash with or without its `#`; any text
 * @returns {{state: State, unread: string[]}} `unread`: the parts that say nothing to this page
 */
export function readHash(hash) {
  const [first, ...rest] = hash.replace(/^#/, "").split("&");
  const [state, unread] = [{...INITIAL_STATE}, []];
  const parts = first.includes("=") ? [first, ...rest] : rest;
  if (!first.includes("=")) state.place = decodedText(first);
  for (const part of parts) {
    const end = part.indexOf("=");
    const key = part.slice(0, Math.max(0, end));
    const value = Object.hasOwn(HASH_READERS, key) ? HASH_READERS[key](decodedText(part.slice(end + 1))) : undefined;
    if (value === undefined) unread.push(decodedText(part));
    else state[key] = value;
  }
  return {state, unread};
}

/** @param {Partial<State>} state @returns {string} with its `#`; empty where there is nothing to say */
export function formatHash({place = "", ...state}) {
  const parts = Object.keys(HASH_READERS)
    .filter((key) => state[key] !== undefined && state[key] !== INITIAL_STATE[key])
    .map((key) => `${key}=${encodedText(String(state[key]))}`);
  if (place) parts.unshift(encodedText(place));
  return parts.length ? `#${parts.join("&")}` : "";
}

/** Encode text for a hash, but keep colons and commas readable. */
function encodedText(text) {
  return encodeURIComponent(text).replace(/%3A/g, ":").replace(/%2C/g, ",");
}

function decodedText(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // malformed, such as a lone percent sign
  }
}
