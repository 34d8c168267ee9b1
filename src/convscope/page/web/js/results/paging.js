/**
 * A long row of tiles in pages, and the arrow keys within one. Pure: knows no document.
 *
 * @typedef {{page: number, pages: number, start: number, end: number}} Page pages from 0, one at least; tiles start..end - 1
 */

/**
 * @param {number} count of all tiles
 * @param {number} size of a page
 * @param {number} wanted any number; the nearest page that there is
 * @returns {Page}
 */
export function pageAt(count, size, wanted) {
  const pages = Math.max(1, Math.ceil(count / size));
  const page = Math.min(Math.max(0, Math.trunc(wanted) || 0), pages - 1);
  return {page, pages, start: page * size, end: Math.min(count, (page + 1) * size)};
}

/**
 * Where a key leads from a tile.
 *
 * @param {string} key as `KeyboardEvent.key` names it
 * @param {number} place among all tiles
 * @param {{count: number, columns: number, size: number}} grid `columns` tiles in a line, `size` on a page
 * @returns {number | null} the tile's place; null for a key that means nothing here
 */
export function placeAfterKey(key, place, {count, columns, size}) {
  const {start, end} = pageAt(count, size, Math.floor(place / size));
  const target = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    ArrowUp: place - columns,
    ArrowDown: place + columns,
    Home: start,
    End: end - 1,
    PageUp: place - size,
    PageDown: place + size,
  }[key];
  return target === undefined ? null : Math.min(Math.max(0, target), Math.max(0, count - 1));
}
