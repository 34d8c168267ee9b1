/**
 * Connect all radio groups that select the colour scale of activations; each shows and sets the page's one choice.
 *
 * @param {string} name of the radio buttons
 */
export function startColorScaleSelect(session, name) {
  const radios = [...document.querySelectorAll(`input[name="${name}"]`)];
  const show = () => {
    for (const radio of radios) radio.checked = radio.value === session.state.scale;
  };
  for (const radio of radios) radio.addEventListener("change", () => session.set({scale: radio.value}));
  session.follow(["scale"], show);
}
