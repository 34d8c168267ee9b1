/**
 * Makes the headings of every table with `data-sortable` sort its rows by `data-key` of their cells, or by their text.
 *
 * @param {Document} page
 */
export function startSorting(page) {
  for (const table of page.querySelectorAll("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const label = heading.querySelector(".label");
      if (!label) return;
      const button = page.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...label.childNodes);
      label.replaceChildren(button);
      button.addEventListener("click", () => sortBy(table, heading, column));
    });
  }
}

/**
 * @param {HTMLTableElement} table
 * @param {HTMLTableCellElement} heading
 * @param {number} column
 */
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
 * The order of the rows of a table. Pure: knows no document.
 *
 * @typedef {"ascending" | "descending"} Direction
 */

/**
 * Numbers first by clicking: the worst class is what a reader looks for.
 *
 * @param {Direction | "none" | null} current
 * @returns {Direction}
 */
export function nextDirection(current) {
  return current === "ascending" ? "descending" : "ascending";
}

/**
 * The places of `keys` in the order asked for; equal ones stay as they were.
 *
 * @param {string[]} keys numbers as text, or names
 * @param {Direction} direction
 * @returns {number[]}
 */
export function sortedIndices(keys, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  return keys.map((_, place) => place).sort((a, b) => sign * compareKeys(keys[a], keys[b]) || a - b);
}

/**
 * @param {string} a
 * @param {string} b
 */
export function compareKeys(a, b) {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? a.localeCompare(b) : difference;
}
