/**
 * One choice of what the colours of activations are common to, in several places of the page: each shows what holds, and
 * whichever is used sets it for all.
 *
 * @param {Document} page
 * @param {import("../state/session.js").Live} live
 * @param {string} name of the radio buttons
 */
export function startScaleChoice(page, live, name) {
  const radios = [...page.querySelectorAll(`input[name="${name}"]`)];
  const show = () => {
    for (const radio of radios) radio.checked = radio.value === live.state.scale;
  };
  for (const radio of radios) radio.addEventListener("change", () => live.set({scale: radio.value}));
  live.subscribe((_, changed) => changed.has("scale") && show());
  show();
}
