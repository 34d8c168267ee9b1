/**
 * Return a drawing of the report as an SVG file of its own, with the page's colours of now.
 *
 * @param {SVGElement} drawing
 */
export function svgText(drawing) {
  const copy = drawing.cloneNode(true);
  const used = new Set([...drawing.querySelectorAll("[class]"), drawing].flatMap(({classList}) => [...classList]));
  const rules = [...document.styleSheets].flatMap(({cssRules}) => [...cssRules]);
  const style = document.createElementNS(drawing.namespaceURI, "style");
  style.textContent = rules.filter(({selectorText}) => used.has(selectorText?.slice(1))).map(({cssText}) => cssText).join("\n");
  copy.prepend(style);
  copy.setAttribute("font-variant-numeric", "tabular-nums");
  const [width, height] = copy.getAttribute("viewBox").split(" ").slice(2);
  copy.setAttribute("width", `${width}pt`);
  copy.setAttribute("height", `${height}pt`);
  const colours = getComputedStyle(document.documentElement);
  return new XMLSerializer().serializeToString(copy).replace(/var\((--\w+)\)/g, (_, name) => colours.getPropertyValue(name).trim().replaceAll('"', "'"));
}
