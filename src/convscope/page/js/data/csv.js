/** Tables as text. Pure: no DOM. */

/** Return a table as CSV (RFC 4180). @param {string[]} columns @param {(string | number | null)[][]} rows */
export function csvOf(columns, rows) {
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : `${value ?? ""}`);
  return [columns, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

/** @param {string} text @returns {string} after an apostrophe if a spreadsheet could execute it, as in `runs/label_suspects.py` */
export function escapeFormula(text) {
  return /^[=+\-@\t\r\n＝＋－＠']/.test(text) ? `'${text}` : text;
}
