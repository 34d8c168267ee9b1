/**
 * The theme, put on the page.
 *
 * @param {Document} page
 * @param {import("./state.js").Theme} theme
 */
export function showTheme(page, theme) {
  page.documentElement.dataset.theme = theme;
}

/**
 * The switch, which is not there without scripts.
 *
 * @param {Document} page
 * @param {import("./state.js").PageState} state
 */
export function startThemeSwitch(page, state) {
  const fieldset = page.querySelector("#theme");
  const radios = [...page.querySelectorAll("#theme input")];
  const show = () => {
    const {theme} = state.values;
    showTheme(page, theme);
    for (const radio of radios) radio.checked = radio.value === theme;
  };
  fieldset.hidden = false;
  show();
  for (const radio of radios) radio.addEventListener("change", () => state.set({theme: radio.value}));
  state.subscribe((_, changed) => changed.has("theme") && show());
}
