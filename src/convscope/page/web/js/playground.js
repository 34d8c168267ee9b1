import {startAnswer} from "./answer/answer.js";
import {openDoor} from "./door.js";
import {startOpenBar} from "./open-bar.js";
import {startChooser} from "./pad/chooser.js";
import {makeHand} from "./pad/hand.js";
import {makingFor} from "./pad/making.js";
import {startPad} from "./pad/pad.js";
import {startSliders} from "./pad/sliders.js";
import {startSteps} from "./pad/steps.js";
import {startTools} from "./pad/tools.js";
import {areInk} from "./drawing/picture.js";
import {startRiver} from "./river/river.js";

/**
 * The first screen: the pad, the river, the answer; and below, the way in and what can be done to the image.
 *
 * @param {Document} page
 * @param {import("./live.js").Live} live
 */
export function startPlayground(page, live) {
  const {dataset} = live.payload;
  const {test} = live.images;
  const isInk = test ? areInk(test) : dataset.content === "digits";
  const hand = makeHand(live, makingFor(dataset, live.payload.fitting));
  showProblem(page, live);
  if (live.run && live.state.image === "drawing") hand.restore(live.state.ink);
  startRiver(page, live, isInk);
  startAnswer(page, live);
  startPad(page, live, hand, isInk);
  startTools(page, live, hand);
  startChooser(page, live);
  startSteps(page, live, hand, isInk);
  startSliders(page, live);
  startOpenBar(page, live, isInk);
  openDoor(live, () => live.run && hand.clear());
  live.subscribe((_, changed) => {
    if (live.state.image !== "drawing") return;
    if (changed.has("ink") && live.state.ink !== hand.inkText()) hand.restore(live.state.ink);
    else if (changed.has("image") && !live.state.ink) hand.keep();
  });
}

/** One sentence where the network cannot be run, or not to its end. */
function showProblem(page, {payload, network}) {
  const note = page.getElementById("playground-problem");
  const stopped = network?.layers.find((layer) => layer.problem);
  const rest = "everything else is here";
  if (!payload.weights) note.textContent = `The network is too large to travel in a page, so it does not run here; ${rest}.`;
  else if (stopped) note.textContent = `Layer ${stopped.name} ${stopped.problem}: the network runs up to it, and ${rest}.`;
  note.hidden = !note.textContent;
  page.getElementById("sliders-part").hidden = !network;
}
