import {drawWhenSeen} from "../seen.js";
import {nextSlice} from "../slices.js";
import {ClassChoice} from "./class-choice.js";
import {EvidencePictures} from "./evidence-pictures.js";
import {greatestAt} from "./evidence-pixels.js";
import {findEvidence} from "./evidence-work.js";
import {onNewPaper, paperOf} from "../drawing/paper.js";

/**
 * What in the open image speaks for a class: by gradients, by the way from zeros to the image, by covering patches.
 *
 * @typedef {import("../live.js").Live} Live
 */

/** Milliseconds of rest before the work begins. */
const QUICK_REST = 30;

/**
 * @param {Document} page
 * @param {Live} live
 */
export function startClassEvidence(page, live) {
  const element = page.querySelector("#class-evidence");
  const pictures = new EvidencePictures(page, live);
  const choice = new ClassChoice(page, live);
  element.append(choice.element, pictures.element);
  let asked = 0;
  const redraw = drawWhenSeen(element, begin);

  /** Everything that was begun before is given up. */
  async function begin() {
    const mine = ++asked;
    const isWanted = () => mine === asked;
    const {network, run, open} = live;
    const target = targetOf(live);
    const image = Float32Array.from(open.pixels);
    const paper = paperOf(page, live);
    choice.show(target, run.probabilities);
    pictures.begin(target, image, paper);
    await rest(QUICK_REST);
    if (!isWanted()) return;
    const isWhole = await findEvidence(network, image, [target], {
      isWanted,
      async show(way, [{values, found}]) {
        pictures.show(way, values, found);
        if (way === "gradient") await choice.showEvidence(network, image, live.run, paper, isWanted);
      },
    });
    if (isWhole) element.dataset.done = `${open.name} ${target}`;
  }

  const restart = () => {
    asked++;
    delete element.dataset.done;
    redraw();
  };
  live.subscribe((_, changed) => (changed.has("run") || changed.has("target")) && restart());
  onNewPaper(live, restart);
  redraw();
}

/**
 * @param {Live} live
 * @returns {number} the class that is asked about
 */
export function targetOf({state: {target}, run: {probabilities}}) {
  return target >= 0 && target < probabilities.length ? target : greatestAt(probabilities);
}

async function rest(milliseconds) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await nextSlice();
}
