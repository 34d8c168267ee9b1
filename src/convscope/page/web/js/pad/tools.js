import {absenceSentence} from "../open-name.js";
import {openPicture} from "./pictures.js";

/**
 * The buttons beside the pad, and their keys on it; pictures from outside: chosen, dropped or pasted.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 * @param {import("./hand.js").Hand} hand
 */
export function startTools(page, live, hand) {
  const file = page.getElementById("pad-file");
  const note = page.getElementById("pad-note");
  const area = page.getElementById("playground");
  if (page.getElementById("pad-clear")) startDrawingTools(page, live, hand);
  page.getElementById("pad-picture").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    take(file.files[0]);
    file.value = ""; // the same file again is a choice too
  });
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("is-target");
  });
  for (const type of ["dragleave", "drop"]) area.addEventListener(type, () => area.classList.remove("is-target"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  page.addEventListener("paste", (event) => {
    const [pasted] = [...(event.clipboardData?.files ?? [])];
    if (pasted) take(pasted);
  });
  const tellAbsence = () => (note.textContent = absenceSentence(live));
  live.subscribe((_, changed) => changed.has("open") && tellAbsence());
  tellAbsence();

  async function take(picture) {
    if (!picture) return;
    if (!live.run) {
      note.textContent = `“${picture.name}” was not opened: this page holds no network that could answer it.`;
      return;
    }
    try {
      hand.putPicture(await openPicture(page, picture), picture.name);
    } catch {
      note.textContent = `“${picture.name}” is no picture that this browser can read.`;
    }
  }
}

function startDrawingTools(page, live, hand) {
  const [undo, clear, adds, canvas] = ["pad-undo", "pad-clear", "pad-adds", "pad"].map((id) => page.getElementById(id));
  const show = () => (undo.disabled = !hand.canUndo());
  undo.addEventListener("click", hand.undo);
  clear.addEventListener("click", hand.clear);
  adds.addEventListener("change", () => (hand.addsToImage = adds.checked));
  canvas.addEventListener("keydown", (event) => {
    const takesBack = event.key === "Backspace" || (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey));
    if (takesBack) hand.undo();
    else if (event.key === "Delete") hand.clear();
    else return;
    event.preventDefault();
  });
  live.subscribe((_, changed) => (changed.has("open") || changed.has("ink")) && show());
  show();
}
