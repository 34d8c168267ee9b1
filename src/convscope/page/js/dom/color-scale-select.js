/**
 * One choice of what the colours of activations are common to, in several places of the page: each shows what holds, and
 * whichever is used sets it for all.
 *
 * @param {Document} page
 * @param {import("../state/session.js").Session} session
 * @param {string} name of the radio buttons
 */
export function startColorScaleSelect(page, session, name) {
  const radios = [...page.querySelectorAll(`input[name="${name}"]`)];
  const show = () => {
    for (const radio of radios) radio.checked = radio.value === session.state.scale;
  };
  for (const radio of radios) radio.addEventListener("change", () => session.set({scale: radio.value}));
  session.subscribe((_, changed) => changed.has("scale") && show());
  show();
}
