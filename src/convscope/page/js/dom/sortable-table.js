import {newElement} from "./element.js";

/** Make the headings of tables with `data-sortable` sort the rows by `data-key` of their cells, or by their text. */
export function startSorting() {
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const label = heading.querySelector(".label");
      if (!label) return;
      const click = () => sortBy(table, heading, column);
      label.replaceChildren(newElement("button", {type: "button", class: "sort", click}, ...label.childNodes));
    });
  }
}

function sortBy(table, heading, column) {
  // Ascending first, because readers look for the worst class.
  const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const keys = rows.map((row) => row.cells[column].dataset.key ?? row.cells[column].textContent.trim());
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", direction);
  body.append(...sortedIndices(keys, direction).map((place) => rows[place]));
}

/**
 * Return the indices of `keys` in the given direction; equal keys keep their order.
 * @param {string[]} keys numbers as text, or names
 * @param {"ascending" | "descending"} direction
 */
export function sortedIndices(keys, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  return keys.map((_, place) => place).sort((a, b) => sign * compareKeys(keys[a], keys[b]) || a - b);
}

function compareKeys(a, b) {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? a.localeCompare(b) : difference;
}
