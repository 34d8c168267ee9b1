/**
 * A new element. Texts become text nodes, never HTML: names of classes and layers are whatever somebody chose.
 *
 * @param {Document} page
 * @param {string} name of the element
 * @param {Record<string, any>} [attributes] false and null for none, true for an empty one
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function newNode(page, name, attributes = {}, ...children) {
  const element = page.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Writes only what changed: a page that is told the same sixty times a second should not lay itself out anew.
 *
 * @param {Node} node
 * @param {string} text
 */
export function writeText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A name that may be written in any direction, for a sentence.
 *
 * @param {Document} page
 * @param {string} name
 */
export function namedNode(page, name) {
  return newNode(page, "bdi", {}, name);
}
