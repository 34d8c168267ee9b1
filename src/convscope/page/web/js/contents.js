/**
 * Marks in the table of contents the section that is being read: the last one whose top has passed a third of the window.
 *
 * @param {Document} page
 */
export function startContents(page) {
  const links = [...page.querySelectorAll("#contents a")];
  const sections = links.map((link) => page.getElementById(link.hash.slice(1)));
  const mark = () => {
    const line = innerHeight / 3;
    const atEnd = scrollY + innerHeight >= page.documentElement.scrollHeight - 2;
    const passed = sections.filter((section) => section.getBoundingClientRect().top <= line).length;
    const current = atEnd && scrollY > 0 ? links.length - 1 : passed - 1;
    links.forEach((link, place) => {
      if (place === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  let asked = 0;
  addEventListener("scroll", () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(mark);
  }, {passive: true});
  mark();
}
