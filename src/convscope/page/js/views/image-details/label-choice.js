import {newElement} from "../../dom/element.js";

/**
 * The reader's correction of a label: whether it is wrong, the right class, a note.
 *
 * @param {{names: string[], keys: string[], marks: import("../results/marks.js").Marks}} options `keys`: those of the classes
 * @returns {{toggle: HTMLElement, node: HTMLElement, show: (row: number | null, label: number | null) => void}} `row`: null for no test image
 */
export function makeLabelChoice({names, keys, marks}) {
  let [row, given] = [null, null];
  const toggle = newElement("button", {type: "button", class: "mark-button", click: () => marks.toggle(row)}, "Wrong label");
  const options = names.map((name, label) => newElement("option", {value: label}, keys[label] && keys[label] !== name ? `${keys[label]}: ${name}` : name));
  const change = () => marks.set(row, {label: Number(select.value)});
  const select = newElement("select", {change}, newElement("option", {value: -1}, "unknown"), ...options);
  const note = newElement("input", {type: "text", maxlength: 200, input: () => marks.set(row, {note: note.value})});
  const field = (title, control) => newElement("label", {}, newElement("span", {}, title), control);
  const fields = newElement("div", {class: "choices"}, field("Correct class", select), field("Note", note));
  const node = newElement("div", {class: "label-choice"}, fields);

  function show(newRow, label) {
    [row, given] = [newRow, label];
    const mark = marks.all.get(row);
    toggle.hidden = row === null;
    toggle.setAttribute("aria-pressed", String(Boolean(mark)));
    fields.hidden = !mark;
    options.forEach((option, place) => (option.hidden = option.disabled = place === given));
    select.value = String(mark?.label ?? -1);
    if (note.value !== (mark?.note ?? "")) note.value = mark?.note ?? "";
  }

  marks.subscribe(() => show(row, given));
  return {toggle, node, show};
}
