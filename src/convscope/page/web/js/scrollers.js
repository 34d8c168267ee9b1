/**
 * Makes the drawings that are wider than their place reachable by keyboard, so that the arrow keys scroll them; those that
 * fit are no stop on the way through the page.
 *
 * @param {Document} page
 */
export function startScrollers(page) {
  const drawings = [...page.querySelectorAll(".drawing")];
  const mark = () => {
    // Read all, then write all: one layout instead of one each.
    const wide = drawings.map((drawing) => drawing.scrollWidth > drawing.clientWidth + 1);
    drawings.forEach((drawing, place) => markScroller(drawing, wide[place]));
  };
  addEventListener("resize", mark, {passive: true});
  mark();
}

/**
 * @param {HTMLElement} drawing
 * @param {boolean} isWide
 */
function markScroller(drawing, isWide) {
  const wanted = {tabindex: "0", role: "group", "aria-label": "A figure that scrolls sideways"};
  for (const [name, value] of Object.entries(wanted)) {
    if (isWide) drawing.setAttribute(name, value);
    else drawing.removeAttribute(name);
  }
}
