import {capitalized} from "./format.js";

/** DOM elements with text content. Text never becomes HTML: class and layer names are user input. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {string | number | Node | {name: string} | null | undefined | false} Content `{name}` is a name of the user's, which
 *   may run from right to left
 */

/**
 * @param {Record<string, any>} [attributes] as `setAttribute` takes them; true for an empty one; null, undefined and false are left
 *   out; a function listens to the event of that name; an object sets styles, by script as the page's policy asks
 */
export function newElement(tag, attributes = {}, ...content) {
  return filledElement(document.createElement(tag), attributes, content);
}

/** Create an SVG element. */
export function newShape(tag, attributes = {}, ...content) {
  return filledElement(document.createElementNS(SVG, tag), attributes, content);
}

/** Replace the content of an element. @param {Element} element @param {...Content} content */
export function refill(element, ...content) {
  element.replaceChildren(...content.filter(isContent).map(nodeOf));
}

/**
 * Create the "?" button of a glossary word, as the templates have it.
 * @returns {HTMLElement | null} null where the glossary has no such word
 */
export function newGlossaryButton(word) {
  const id = `word-${word.toLowerCase().replaceAll(" ", "-")}`;
  const meaning = document.getElementById(id);
  if (!meaning) return null;
  const title = meaning.textContent.trim().slice(word.length).trim();
  const attributes = {type: "button", class: "ask", popovertarget: id, title, "aria-label": `Meaning of “${word}”`};
  return newElement("button", attributes, "?");
}

/** Return a user's name in quotation marks, `“6”`. @param {string} name @returns {Content[]} */
export function quotedName(name) {
  return ["“", {name}, "”"];
}

function filledElement(element, attributes, content) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "style") for (const [property, each] of Object.entries(value)) element.style.setProperty(property, each);
    else if (isContent(value)) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...content.filter(isContent).map(nodeOf));
  return element;
}

function isContent(part) {
  return part !== null && part !== undefined && part !== false;
}

function nodeOf(part) {
  if (part instanceof Node) return part;
  if (typeof part !== "object") return document.createTextNode(String(part));
  const name = document.createElement("bdi");
  name.textContent = part.name;
  return name;
}

/**
 * Return a function that sets the title of a figure, or with no text restores the report's own.
 * @param {string} name of the figure
 * @returns {(text: string) => void}
 */
export function titleSetter(name) {
  const node = document.querySelector(`#figure-${name} .title-text`);
  const own = node?.textContent ?? "";
  return (text) => node && writeText(node, text ? capitalized(text) : own);
}

/** Set the text only if it changed, so that repeated updates do not trigger layout. */
export function writeText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set only the attributes that changed. @param {Element} element @param {Record<string, any>} attributes null for none */
export function writeAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }
}

/**
 * Insert a live view and hide what the page shows without scripts, which print still uses.
 * @param {string} name of the place: its `data-live`
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

/**
 * Create a select with its label.
 * @param {[string, string][]} entries values and texts
 * @returns {{select: HTMLSelectElement, node: HTMLElement}}
 */
export function newSelect(label, entries) {
  const select = newElement("select", {}, ...entries.map(([value, text]) => newElement("option", {value}, text)));
  return {select, node: newElement("label", {}, newElement("span", {}, label), select)};
}
