import {newGlossaryButton, newElement} from "../../dom/element.js";

/** Create the view of an error's likely cause, with the evidence. @param {Hint} hint @returns {HTMLElement} */
export function newTriageView({kind, evidence}) {
  const sign = newElement("span", {class: "triage-sign", "aria-hidden": "true"}, TRIAGE_SIGNS[kind]);
  const isJudged = kind !== "unjudged";
  const title = newElement("summary", {}, sign, isJudged ? ` Likely cause: ${TRIAGE_TITLES[kind]}` : " Confidence and similarity (cause not judged)");
  const parts = (evidence ?? []).map((part) => newElement("li", {dir: "auto"}, part));
  const known = parts.length
    ? newElement("ul", {}, ...parts)
    : newElement("p", {}, "The evidence is not in this file. List it with ", newElement("code", {}, "convscope mistakes"), ".");
  const words = isJudged
    ? ["Three heuristic rules; check the image yourself."]
    : ["Only other networks can tell whether the label is wrong: run ", newElement("code", {}, "convscope audit"), "."];
  const reading = newElement("p", {class: "reading"}, ...words, newGlossaryButton("hint"));
  return newElement("details", {class: "details-part triage", "data-kind": kind, name: "case-part", "data-part": "triage"}, title, known, reading);
}

/**
 * Likely causes of errors, as Python estimated them with heuristics. Pure: no DOM.
 * @typedef {"label suspect" | "ambiguous" | "model error" | "unjudged"} TriageKind
 * @typedef {object} Hint of one mistake
 * @property {TriageKind} kind
 * @property {string[] | null} evidence what is known, in parts of a sentence; null of a mistake that the file does not tell of
 * @typedef {object} Triage
 * @property {{kind: TriageKind, count: number}[]} kinds those that occur
 * @property {(index: number) => TriageKind | null} kindOf the test image with that number; null where it is no mistake, or was not
 *   looked into
 * @property {(index: number) => Hint | null} triageOf
 */

/** @type {Record<TriageKind, string>} */
export const TRIAGE_TITLES = {
  "label suspect": "possible label error",
  "ambiguous": "ambiguous image",
  "model error": "probably a model error",
  "unjudged": "cause not judged",
};

/** A symbol for each cause, so that colour is not the only cue. @type {Record<TriageKind, string>} */
export const TRIAGE_SIGNS = {"label suspect": "?", "ambiguous": "≈", "model error": "✕", "unjudged": "·"};

/** @param {object | undefined} mistakes `metrics.mistakes`, which pages of earlier versions lack @returns {Triage} */
export function makeTriage(mistakes) {
  const kindOfIndex = new Map();
  for (const [kind, indices] of Object.entries(mistakes?.indices ?? {})) {
    for (const index of indices) kindOfIndex.set(index, kind);
  }
  const evidenceOf = new Map((mistakes?.list ?? []).map(({index, evidence}) => [index, evidence]));
  const kinds = Object.keys(TRIAGE_TITLES).map((kind) => ({kind, count: mistakes?.indices?.[kind]?.length ?? 0}));
  return {
    kinds: kinds.filter(({count}) => count),
    kindOf: (index) => kindOfIndex.get(index) ?? null,
    triageOf(index) {
      const kind = kindOfIndex.get(index);
      return kind ? {kind, evidence: evidenceOf.get(index) ?? null} : null;
    },
  };
}
