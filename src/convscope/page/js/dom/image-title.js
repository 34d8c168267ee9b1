import {formatWhole} from "./format.js";

/** Titles of the open image, and the names of its neighbours. Pure: no DOM. */

/** @param {import("../state/session.js").OpenImage} open */
export function imageTitle({source, index, file}) {
  if (source === "test") return `Test image ${formatWhole(index)}`;
  if (source === "train") return `Training image ${formatWhole(index)}`;
  return source === "drawing" ? "Your drawing" : (file ?? "Your image");
}

/**
 * Return why the image named in the link is not shown, or "" if it is.
 * @returns {string} empty where the image that is asked for is open
 */
export function missingImageSentence({open, state: {image}}) {
  if (!image || image === open.name) return "";
  const [source, index] = image.split("-");
  const asked = source === "picture" ? "an image file, which stays on the computer where it was opened"
    : source === "drawing" ? "a drawing, which needs a network that runs in this page"
      : `${source === "test" ? "test" : "training"} image ${formatWhole(index)}, which is not in this file`;
  return `The link asks for ${asked}. Shown instead: ${imageTitle(open)}.`;
}

/**
 * @param {number} step 1 or -1
 * @returns {string | null} the name of the next image of the same kind; after a drawing, of the first or last test image
 */
export function neighbourName({open, images}, step) {
  const isTraining = open.source === "train" && images.reference && open.row !== null;
  const set = isTraining ? images.reference : images.test;
  if (!set?.count) return null;
  const at = open.source === "test" || isTraining ? open.row + step : step > 0 ? 0 : -1;
  return `${isTraining ? "train" : "test"}-${set.indices[(at + set.count) % set.count]}`;
}

/**
 * @param {import("../data/images.js").TestImages} test
 * @returns {string} the name of that test image, or of the first one after it that the page has, or of the last
 */
export function testNameNear({indices}, index) {
  const row = indices.findIndex((each) => each >= index);
  return `test-${indices[row < 0 ? indices.length - 1 : row]}`;
}

/** @param {import("../data/images.js").TestImages} test @returns {string[]} names of the errors, highest confidence first */
export function mistakeNames({labels, predictions, confidence, indices}) {
  const rows = Array.from(labels.keys()).filter((row) => labels[row] !== predictions[row]);
  return rows.sort((a, b) => confidence[b] - confidence[a] || a - b).map((row) => `test-${indices[row]}`);
}
