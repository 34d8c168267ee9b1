import {answerOf} from "../answer/reply.js";
import {refill} from "../drawing/element.js";
import {openTitle} from "../open-name.js";

/**
 * The title of the section, which says of the open image what it says of the first one while nothing runs.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 */
export function startInsidesTitle(page, live) {
  const element = page.querySelector("#inside-title .finding");
  const show = () => refill(element, ...insidesTitle(live));
  live.subscribe((_, changed) => (changed.has("open") || changed.has("run")) && show());
  show();
}

/**
 * @param {import("../live.js").Live} live
 * @returns {import("../drawing/element.js").Content[]} "16 and 32 filters see test image 7, a 9, and the network is right"
 */
export function insidesTitle(live) {
  const {open, network, state, payload: {dataset: {class_names: names}}} = live;
  const filters = network.layers.filter(({kind}) => kind === "Conv2D").map(({outputShape}) => outputShape[2]);
  const title = openTitle(open);
  const [shown, change] = [open.file === undefined ? title[0].toLowerCase() + title.slice(1) : title, state.change && ", changed"];
  const sees = filters.length ? `${joinedWords(filters)} filters see ${shown}` : `What becomes of ${shown}`;
  const truth = open.label === null ? [] : [", true class ", {name: names[open.label]}];
  const subject = state.epoch ? `the network of epoch ${state.epoch}` : "the network";
  const answer = answerOf(live);
  if (!answer) return [sees, change, ...truth];
  const said = open.label === null ? ["says ", {name: answer}]
    : names[open.label] === answer ? ["is right"] : ["is wrong: it says ", {name: answer}];
  return [sees, change, ...truth, `${filters.length ? ", and" : ";"} ${subject} `, ...said];
}

/** @param {(string | number)[]} words */
function joinedWords(words) {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}` : String(words[0]);
}
