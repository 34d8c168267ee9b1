import {areInk} from "./picture.js";
import {DIVERGING_DARK_TABLE, DIVERGING_TABLE, GREY_TABLE, SEQUENTIAL_TABLE} from "../image/color/colormaps.js";

/**
 * The colours that drawings share with the page, which change with its theme.
 *
 * @typedef {object} Paper
 * @property {boolean} isDark
 * @property {boolean} isTurned whether much of an image is dark: ink on light paper
 * @property {Uint8Array} signed
 * @property {Uint8Array} unsigned
 * @property {Uint8Array} pixels of an image
 * @property {string} ground
 * @property {string} ink
 * @property {string} muted
 */

const INVERTED_GREY_TABLE = GREY_TABLE.map((level, place) => (place % 4 === 3 ? level : 255 - level));

/** Whether a page's images are strokes on nothing; asked for in every drawing, and the same each time. */
const INK = new WeakMap();

/**
 * @param {Document} page
 * @param {import("../state/session.js").Session} session
 * @returns {Paper}
 */
export function themeColors(page, session) {
  const style = getComputedStyle(page.documentElement);
  const isDark = style.colorScheme === "dark";
  if (!INK.has(session)) INK.set(session, session.images.test ? areInk(session.images.test) : session.payload.dataset.things === "digits");
  const isTurned = INK.get(session) && !isDark;
  return {
    isDark, isTurned,
    signed: isDark ? DIVERGING_DARK_TABLE : DIVERGING_TABLE,
    unsigned: SEQUENTIAL_TABLE,
    pixels: isTurned ? INVERTED_GREY_TABLE : GREY_TABLE,
    ground: style.getPropertyValue("--paper"),
    ink: style.getPropertyValue("--ink"),
    muted: style.getPropertyValue("--muted"),
  };
}

/**
 * Tells when the colours change, because the reader's system or the reader wants others.
 *
 * @param {import("../state/session.js").Session} session
 * @param {() => void} listener
 */
export function onThemeChange(session, listener) {
  session.subscribe((_, changed) => changed.has("theme") && listener());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
}
