import {mistakeNames, neighbourName, openTitle, testNameNear} from "../open-name.js";

/**
 * Which image is open: the next, the one before, any one, by number, a mistake.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 */
export function startChooser(page, live) {
  const {test} = live.images;
  const node = page.getElementById("chooser");
  const [name, number, mistake] = ["chooser-name", "chooser-number", "chooser-mistake"].map((id) => page.getElementById(id));
  node.hidden = !test;
  if (!test) return;
  const mistakes = mistakeNames(test);
  number.max = String(test.indices[test.count - 1]);
  mistake.disabled = !mistakes.length;
  page.getElementById("chooser-back").addEventListener("click", () => live.openImage(neighbourName(live, -1)));
  page.getElementById("chooser-next").addEventListener("click", () => live.openImage(neighbourName(live, 1)));
  page.getElementById("chooser-any").addEventListener("click", () => {
    live.openImage(`test-${test.indices[Math.floor(Math.random() * test.count)]}`);
  });
  mistake.addEventListener("click", () => live.openImage(mistakes[(mistakes.indexOf(live.open.name) + 1) % mistakes.length]));
  number.addEventListener("change", () => {
    if (number.value !== "") live.openImage(testNameNear(test, Math.max(0, Math.floor(Number(number.value)))));
    show();
  });

  function show() {
    const {open} = live;
    name.textContent = open.source === "test" ? "Test image" : openTitle(open);
    number.value = open.source === "test" ? String(open.index) : "";
  }
  live.subscribe((_, changed) => changed.has("open") && show());
  show();
}
