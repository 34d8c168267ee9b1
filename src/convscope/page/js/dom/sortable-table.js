/** Make the headings of tables with `data-sortable` sort the rows by `data-key` of their cells, or by their text. */
export function startSorting() {
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const label = heading.querySelector(".label");
      if (!label) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...label.childNodes);
      label.replaceChildren(button);
      button.addEventListener("click", () => sortBy(table, heading, column));
    });
  }
}

function sortBy(table, heading, column) {
  const direction = nextDirection(heading.getAttribute("aria-sort"));
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const keys = rows.map((row) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim());
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", direction);
  body.append(...sortedIndices(keys, direction).map((place) => rows[place]));
}

/**
 * Order of table rows. Pure: no DOM.
 *
 * @typedef {"ascending" | "descending"} Direction
 */

/**
 * Return the next sort direction. Numbers start ascending, because readers look for the worst class.
 *
 * @param {Direction | "none" | null} current
 * @returns {Direction}
 */
export function nextDirection(current) {
  return current === "ascending" ? "descending" : "ascending";
}

/**
 * Return the indices of `keys` in the given direction; equal keys keep their order.
 *
 * @param {string[]} keys numbers as text, or names
 * @param {Direction} direction
 * @returns {number[]}
 */
export function sortedIndices(keys, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  return keys.map((_, place) => place).sort((a, b) => sign * compareKeys(keys[a], keys[b]) || a - b);
}

function compareKeys(a, b) {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? a.localeCompare(b) : difference;
}
