/**
 * Make a group of buttons one stop of the Tab key; the arrow keys, Home and End move within it, up and down by a line.
 * @param {string} selector of the buttons in it
 * @returns {() => void} to call when buttons were added, removed or hidden
 */
export function startRovingFocus(node, selector) {
  const items = () => [...node.querySelectorAll(selector)];
  const reachable = () => items().filter((item) => !item.disabled && !item.closest("[hidden]"));
  const keep = (current) => setTabStop(items(), current);
  const refresh = () => {
    const all = reachable();
    keep(all.find((item) => item.tabIndex === 0) ?? all[0]);
  };
  node.addEventListener("focusin", ({target}) => target.matches(selector) && keep(target));
  node.addEventListener("keydown", (event) => {
    const all = reachable();
    const at = all.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = {ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1};
    const way = {ArrowDown: 1, ArrowUp: -1}[event.key];
    if (!way && !Object.hasOwn(ways, event.key)) return;
    event.preventDefault();
    (way ? inLineBeside(all, event.target, way) : all[ways[event.key]])?.focus();
  });
  refresh();
  return refresh;
}

/** Return the item of the line above or below that stands at the same place in it. */
function inLineBeside(all, item, way) {
  const tops = new Map(all.map((each) => [each, Math.round(each.getBoundingClientRect().top)]));
  const lineOf = (top) => all.filter((each) => tops.get(each) === top);
  const others = [...tops.values()].filter((top) => way * (top - tops.get(item)) > 0);
  if (!others.length) return null;
  const line = lineOf(way > 0 ? Math.min(...others) : Math.max(...others));
  return line[Math.min(lineOf(tops.get(item)).indexOf(item), line.length - 1)];
}

/** @param {HTMLElement[]} items @param {HTMLElement} current the one that the Tab key comes to */
export function setTabStop(items, current) {
  for (const item of items) item.tabIndex = item === current ? 0 : -1;
}
