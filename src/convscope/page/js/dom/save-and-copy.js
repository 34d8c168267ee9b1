/** @param {string} name @param {string} type of the media @param {BlobPart} content */
export function saveFile(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Copy a text, or select it where the browser does not allow that.
 * @param {Element} note for what was done
 * @param {HTMLElement} element that holds the text
 */
export async function copyText(note, element, text) {
  try {
    await navigator.clipboard.writeText(text);
    note.textContent = "Copied.";
  } catch {
    element.hidden = false;
    getSelection().selectAllChildren(element);
    note.textContent = "Selected: copy it with Ctrl+C or ⌘C.";
  }
}
