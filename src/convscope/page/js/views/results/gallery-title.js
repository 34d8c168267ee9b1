import {quotedName} from "../../dom/element.js";
import {formatWhole} from "../../dom/format.js";
import {TRIAGE_TITLES} from "../image-details/triage.js";

const NOUNS = {all: ["test image", "test images"], wrong: ["error", "errors"], right: ["correct prediction", "correct predictions"]};

/**
 * Return the title of the gallery: `All 37 errors`, `9 errors: “5” predicted as “3”`, `0 images match`.
 *
 * @param {import("./selection.js").Selection} selection
 * @param {{count: number, total: number}} numbers images shown, and tested ones of that outcome
 * @param {string[]} names
 * @returns {import("../../dom/element.js").Content[]}
 */
export function galleryTitle({truth, predicted, outcome, hint}, {count, total}, names) {
  if (!count) return ["0 images match"];
  const isPair = truth >= 0 && predicted >= 0 && truth !== predicted;
  const noun = NOUNS[isPair ? "wrong" : outcome][count === 1 ? 0 : 1];
  const filters = [];
  if (truth >= 0) filters.push(predicted < 0 ? ["true class ", ...quotedName(names[truth])] : quotedName(names[truth]));
  if (predicted >= 0) filters.push([truth < 0 ? "" : " ", "predicted as ", ...quotedName(names[predicted])]);
  if (hint) filters.push([filters.length ? ", " : "", TRIAGE_TITLES[hint]]);
  if (filters.length) return [`${formatWhole(count)} ${noun}: `, ...filters.flat()];
  if (count < total) return [`${formatWhole(count)} of ${formatWhole(total)} ${NOUNS[outcome][1]}`];
  return [count === 1 ? `The only ${noun}` : `All ${formatWhole(count)} ${noun}`];
}
