/**
 * The page's state as it stands in the address, after the `#`: where the reader is, and what was chosen.
 * `figure-loss&theme=dark` is the place `figure-loss` in the dark theme. Pure: knows no document.
 *
 * @typedef {{place: string, theme: Theme}} State
 * @typedef {"auto" | "light" | "dark"} Theme
 */

/** @type {Theme[]} */
export const THEMES = ["auto", "light", "dark"];

/**
 * @param {string} hash with or without its `#`; whatever somebody typed
 * @returns {State}
 */
export function parseHash(hash) {
  const [first, ...rest] = hash.replace(/^#/, "").split("&");
  const parts = first.includes("=") ? [first, ...rest] : rest;
  const theme = parts.find((part) => part.startsWith("theme="))?.slice("theme=".length);
  return {place: first.includes("=") ? "" : decoded(first), theme: THEMES.find((known) => known === theme) ?? "auto"};
}

/**
 * @param {State} state
 * @returns {string} with its `#`; empty where there is nothing to say
 */
export function formatHash({place, theme}) {
  const parts = [place && encodeURIComponent(place), theme !== "auto" && `theme=${theme}`].filter(Boolean);
  return parts.length ? `#${parts.join("&")}` : "";
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign
  }
}
