import {newElement} from "../../dom/element.js";
import {mistakeNames, neighbourName, imageTitle, testNameNear} from "../../dom/image-title.js";
import {nextSlice} from "../../dom/scheduling.js";
import {laidOnWhite, shrinkFactor, shrunk, stretched} from "../../image/preprocess/resample.js";

/** Image files from the user's computer, decoded by the browser: nothing leaves the page, and its policy would forbid it. */

/** Pixels read at a time: a tenth of a second on a slow phone. */
const PIXELS_AT_A_TIME = 2 ** 20;

/**
 * Return the pixels of an image file: upright, without colour profile, on white, reduced as `convscope predict` does it.
 * @param {Blob} file
 * @param {[number, number]} range black and white of the training images
 * @returns {Promise<import("../../image/preprocess/resample.js").Pixels>} rejected where the browser cannot read it
 */
export async function openPicture(file, range = [0, 255]) {
  const bitmap = await createImageBitmap(file, {imageOrientation: "from-image", colorSpaceConversion: "none"});
  const {height, width} = bitmap;
  const factor = shrinkFactor(bitmap);
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const data = new Uint8ClampedArray(4 * rows * columns);
  const most = factor * Math.max(1, Math.floor(PIXELS_AT_A_TIME / (width * factor)));
  const canvas = newElement("canvas", {width, height: Math.min(most, height)});
  const context = canvas.getContext("2d", {willReadFrequently: true}); // in main memory, from which pixels come back exactly
  for (let top = 0; top < height; top += most) {
    if (top) await nextSlice();
    const count = Math.min(most, height - top);
    context.clearRect(0, 0, width, count);
    context.drawImage(bitmap, 0, -top);
    const strip = context.getImageData(0, 0, width, count);
    data.set(shrunk(strip, factor).data, 4 * columns * (top / factor));
  }
  bitmap.close();
  const isDeep = await hasSixteenBits(file);
  const picture = {height: rows, width: columns, data};
  return laidOnWhite(isDeep || range[1] <= 255 ? stretched(picture, range, isDeep ? 257 : 1) : picture);
}

/** Return whether a file is a grey PNG of 16 bits, which browsers reduce to 8. */
async function hasSixteenBits(file) {
  const head = new Uint8Array(await file.slice(0, 26).arrayBuffer());
  return head[0] === 0x89 && head[1] === 0x50 && head[24] === 16 && head[25] === 0;
}

/** Start the buttons next to the pad with their keys, and image files that are chosen, dropped or pasted. */
export function startPictureInput(session, input) {
  const file = document.getElementById("pad-file");
  const note = document.getElementById("pad-note");
  const area = document.getElementById("playground");
  if (document.getElementById("pad-clear")) startDrawingTools(session, input);
  document.getElementById("pad-picture").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    take(file.files[0]);
    file.value = ""; // the same file again is a choice too
  });
  // Anywhere on the page: a file that is dropped beside the pad must not replace the page.
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    area.classList.add("is-target");
  });
  for (const type of ["dragleave", "drop"]) document.addEventListener(type, () => area.classList.remove("is-target"));
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files[0]);
    area.scrollIntoView({block: "nearest"});
  });
  document.addEventListener("paste", (event) => {
    const [pasted] = [...(event.clipboardData?.files ?? [])];
    if (pasted) take(pasted);
  });

  async function take(picture) {
    if (!picture) return;
    if (!session.run) {
      note.textContent = `“${picture.name}” was not opened: this page has no network that can classify it.`;
      return;
    }
    try {
      input.putPicture(await openPicture(picture, session.payload.dataset.pixels?.range), picture.name);
    } catch {
      note.textContent = `“${picture.name}” is not an image file that this browser can read.`;
    }
  }
}

function startDrawingTools(session, input) {
  const [undo, clear, adds, canvas] = ["pad-undo", "pad-clear", "pad-adds", "pad"].map((id) => document.getElementById(id));
  const show = () => (undo.disabled = !input.canUndo());
  undo.addEventListener("click", input.undo);
  clear.addEventListener("click", input.clear);
  adds.addEventListener("change", () => (input.addsToImage = adds.checked));
  canvas.addEventListener("keydown", (event) => {
    const takesBack = event.key === "Backspace" || (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey));
    if (takesBack) input.undo();
    else if (event.key === "Delete") input.clear();
    else return;
    event.preventDefault();
  });
  session.follow(["open", "ink"], show);
}

/** Start the choice of the open image: next, previous, by number, an error. */
export function startChooser(session) {
  const {test} = session.images;
  const node = document.getElementById("chooser");
  const [name, number, mistake] = ["chooser-name", "chooser-number", "chooser-mistake"].map((id) => document.getElementById(id));
  node.hidden = !test;
  if (!test) return;
  const mistakes = mistakeNames(test);
  number.max = String(test.indices[test.count - 1]);
  mistake.disabled = !mistakes.length;
  document.getElementById("chooser-back").addEventListener("click", () => session.openImage(neighbourName(session, -1)));
  document.getElementById("chooser-next").addEventListener("click", () => session.openImage(neighbourName(session, 1)));
  mistake.addEventListener("click", () => session.openImage(mistakes[(mistakes.indexOf(session.open.name) + 1) % mistakes.length]));
  number.addEventListener("change", () => {
    if (number.value !== "") session.openImage(testNameNear(test, Math.max(0, Math.floor(Number(number.value)))));
    show();
  });

  function show() {
    const {open} = session;
    name.textContent = open.source === "test" ? "Test image" : imageTitle(open);
    number.value = open.source === "test" ? String(open.index) : "";
  }
  session.follow(["open"], show);
}
