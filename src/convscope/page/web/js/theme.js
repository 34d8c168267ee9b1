import {formatHash, parseHash} from "./hash.js";

/**
 * The theme that the address names, put on the page.
 *
 * @param {Document} page
 * @param {import("./hash.js").Theme} theme
 */
export function showTheme(page, theme) {
  page.documentElement.dataset.theme = theme;
}

/**
 * The switch, which is not there without scripts; and links within the page, which keep the theme.
 *
 * @param {Document} page
 */
export function startThemeSwitch(page) {
  const fieldset = page.querySelector("#theme");
  const radios = [...page.querySelectorAll("#theme input")];
  let {theme} = parseHash(location.hash);
  const show = () => {
    showTheme(page, theme);
    for (const radio of radios) radio.checked = radio.value === theme;
  };
  const remember = () => {
    const hash = formatHash({...parseHash(location.hash), theme});
    history.replaceState(null, "", hash || location.pathname + location.search);
  };
  fieldset.hidden = false;
  show();
  for (const radio of radios) {
    radio.addEventListener("change", () => {
      theme = radio.value;
      show();
      remember();
    });
  }
  addEventListener("hashchange", () => {
    if (location.hash.includes("theme=")) theme = parseHash(location.hash).theme;
    show();
    remember();
  });
}

/**
 * A browser finds `#place` by itself, but not `#place&theme=dark`.
 *
 * @param {Document} page
 */
export function goToPlace(page) {
  const {place} = parseHash(location.hash);
  if (location.hash.includes("&")) page.getElementById(place)?.scrollIntoView();
}
