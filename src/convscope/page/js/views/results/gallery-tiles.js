import {newElement, refill, writeAttributes} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {makeTile, pageAt, placeAfterKey} from "./gallery-paging.js";

/**
 * Test images, a page of tiles at a time. A page is one tab stop; the arrow keys go on across pages.
 * @typedef {import("./selection.js").Answers} Answers
 * @typedef {object} TilePages
 * @property {HTMLElement} node
 * @property {(rows: Uint32Array, answers: Answers, printed?: "confidence" | "trueProbability") => void} show from the first
 *   page on; `printed`: the number under each
 * @property {(name: string) => HTMLElement | null} tileOf an image on the page that is shown
 * @property {() => void} focus the tile that is the tab stop
 * @property {(name: string) => void} markOpen the image that the page has open
 * @property {(isLit: (truth: number, predicted: number) => boolean) => void} light
 * @property {() => Uint32Array} rows those that are shown, on all pages
 * @property {(row: number) => void} turnTo the page that has that row
 */

/**
 * @param {number} options.size of a page
 * @param {string} options.label what a screen reader calls the tiles
 * @param {(name: string) => void} options.open called with the name of the tile that was chosen
 * @param {import("./marks.js").Marks} [options.marks]
 * @param {() => void} [options.onDraw] called after other tiles were shown
 */
export function makeTilePages(session, {size, label, open, marks, onDraw}) {
  const {test: images} = session.images;
  const grid = newElement("div", {class: "tile-grid", role: "group", "aria-label": label});
  const pager = makePager((wanted) => turn(wanted));
  const tiles = [];
  let [rows, answers, current, openName, printed] = [new Uint32Array(), images, 0, "", "confidence"];
  let isLit = () => false;

  function turn(wanted) {
    const {start} = pageAt(rows.length, size, wanted);
    current = start;
    draw();
  }

  function draw() {
    const {page: number, pages, start, end} = pageAt(rows.length, size, Math.floor(current / size));
    while (tiles.length < end - start) tiles.push(makeTile(session));
    for (let place = start; place < end; place++) showTile(tiles[place - start], place);
    const nodes = tiles.slice(0, end - start).map(({node}) => node);
    if (grid.querySelectorAll(".tile").length !== nodes.length) grid.replaceChildren(...nodes);
    if (nodes.length) grid.style.setProperty("--tile", nodes[0].style.width);
    pager.show(number, pages);
    dress();
    onDraw?.();
  }

  function showTile(tile, place) {
    const row = rows[place];
    const truth = images.labels[row];
    const [confidence, trueProbability] = [answers.confidence[row], answers.trueProbability[row]];
    tile.show({row, place, truth, predicted: answers.predictions[row], probability: answers[printed][row], confidence, trueProbability});
    tile.mark(marks?.all.get(row)?.label ?? null);
    tile.node.tabIndex = place === current ? 0 : -1;
  }

  function dress() {
    for (const {node} of tiles) {
      writeAttributes(node, {"aria-current": node.dataset.name === openName || null});
      node.toggleAttribute("data-highlight", isLit(Number(node.dataset.truth), Number(node.dataset.predicted)));
    }
  }

  function goTo(place) {
    const isSamePage = Math.floor(place / size) === Math.floor(current / size);
    current = place;
    if (!isSamePage) draw();
    for (const {node} of tiles) node.tabIndex = Number(node.dataset.place) === current ? 0 : -1;
    focus();
  }

  const focus = () => grid.querySelector(".tile[tabindex='0']")?.focus();

  grid.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    goTo(Number(tile.dataset.place));
    open(tile.dataset.name);
  });
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !event.target.closest(".tile")) return;
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const place = placeAfterKey(event.key, current, {count: rows.length, columns, size});
    if (place === null) return;
    event.preventDefault();
    goTo(place);
  });

  marks?.subscribe(() => {
    for (const tile of tiles) tile.mark(marks.all.get(Number(tile.node.dataset.row))?.label ?? null);
  });

  return {
    node: newElement("div", {class: "tile-pages"}, grid, pager.node),
    rows: () => rows,
    tileOf: (name) => grid.querySelector(`.tile[data-name="${name}"]`),
    focus,
    show(newRows, newAnswers, newPrinted = "confidence") {
      [rows, answers, current, printed] = [newRows, newAnswers, 0, newPrinted];
      draw();
    },
    markOpen(name) {
      if (name === openName) return; // a stroke reopens its drawing sixty times a second
      openName = name;
      dress();
    },
    light(newLit) {
      isLit = newLit;
      dress();
    },
    turnTo(row) {
      const place = rows.indexOf(row);
      if (place < 0) return;
      current = place;
      draw();
    },
  };
}

/** Create the buttons for first, previous, next and last page. */
function makePager(turn) {
  let [current, last] = [0, 0];
  const place = newElement("span", {class: "place"});
  const button = (text, label, target) => newElement("button", {type: "button", "aria-label": label, click: () => turn(target())}, text);
  const back = [button("«", "First page", () => 0), button("‹", "Previous page", () => current - 1)];
  const forward = [button("›", "Next page", () => current + 1), button("»", "Last page", () => last)];
  const node = newElement("nav", {class: "pager", "aria-label": "Pages"}, ...back, place, ...forward);
  return {
    node,
    show(number, pages) {
      [current, last] = [number, pages - 1];
      node.hidden = pages === 1;
      refill(place, `page ${formatWhole(number + 1)} of ${formatWhole(pages)}`);
      // Not `disabled`, which would take the focus away.
      for (const each of back) each.setAttribute("aria-disabled", String(number === 0));
      for (const each of forward) each.setAttribute("aria-disabled", String(number === pages - 1));
    },
  };
}
