/**
 * Insert a live view and hide what the page shows without scripts, which print still uses.
 *
 * @param {string} name of the place: its `data-live`
 * @param {...Node} nodes
 * @returns {HTMLElement | null} the place; null where the page has none of that name
 */
export function mountLive(name, ...nodes) {
  const mount = document.querySelector(`[data-live="${name}"]`);
  if (!mount) return null;
  mount.append(...nodes);
  mount.hidden = false;
  mount.closest(".has-live")?.classList.add("is-live");
  for (const instead of document.querySelectorAll(`[data-instead-of="${name}"]`)) instead.classList.add("is-replaced");
  return mount;
}
