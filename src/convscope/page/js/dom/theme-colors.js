import {DIVERGING_DARK_TABLE, DIVERGING_TABLE, GREY_TABLE, SEQUENTIAL_TABLE} from "../image/color/colormaps.js";

/**
 * Colours that canvas drawings share with the page; they depend on the theme.
 * @typedef {object} ThemeColors
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

/** @returns {ThemeColors} */
export function themeColors(session) {
  const style = getComputedStyle(document.documentElement);
  const isDark = style.colorScheme === "dark";
  const isTurned = session.isInk && !isDark;
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

/** Call the listener when the colours change, by system setting or by the reader. */
export function onThemeChange(session, listener) {
  session.subscribe((_, changed) => changed.has("theme") && listener());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
}
