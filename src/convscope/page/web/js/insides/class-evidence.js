import {gradientTimesInput, integratedGradients} from "../engine/gradient.js";
import {runNetwork} from "../engine/network.js";
import {occlusionMap} from "../engine/occlusion.js";
import {drawWhenSeen} from "../seen.js";
import {nextSlice, runInSlices} from "../slices.js";
import {ClassChoice} from "./class-choice.js";
import {dropPerPixel, greatestAt, overChannels, patchFor, sumOfValues} from "./evidence-pixels.js";
import {EvidencePictures} from "./evidence-pictures.js";
import {onNewPaper, paperOf} from "../drawing/paper.js";

/**
 * What in the open image speaks for a class: by gradients, by the way from zeros to the image, by covering patches.
 *
 * @typedef {import("../live.js").Live} Live
 *
 * @typedef {object} ClassEvidence
 * @property {number} target the class
 * @property {Float32Array | null} gradient times input, one number per pixel
 * @property {Float32Array | null} integrated gradients
 * @property {{logit: number, zerosLogit: number} | null} ends of their way
 * @property {Float32Array | null} occlusion drop of the logit
 * @property {{row: number, column: number, before: number, after: number} | null} worst patch, and the probabilities
 */

/** Milliseconds of rest before the two slow ones begin: not while a stroke is drawn. */
const EVIDENCE_REST = 200;
/** Milliseconds of rest before the quick one begins. */
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
    const channels = network.inputShape[2];
    const gradient = overChannels(gradientTimesInput(network, image, live.run, target), channels);
    pictures.show("gradient", gradient, {sum: sumOfValues(gradient), logit: live.run.logits[target]});
    await choice.showEvidence(network, image, live.run, paper, isWanted);
    await rest(EVIDENCE_REST);
    if (!isWanted()) return;
    const integrated = await runInSlices(integratedGradients(network, image, target), isWanted);
    if (!integrated || !isWanted()) return;
    const zeros = runNetwork(network, new Float32Array(image.length));
    pictures.show("integrated", overChannels(integrated, channels), {
      sum: sumOfValues(integrated), logit: live.run.logits[target], zerosLogit: zeros.logits[target],
    });
    const patch = patchFor(...network.inputShape);
    const map = await runInSlices(occlusionMap(network, image, target, {...patch, measure: "logit"}), isWanted);
    if (!map || !isWanted()) return;
    pictures.show("occlusion", dropPerPixel(map, patch.stride, network.inputShape), worstPatch(network, image, map, patch, target));
    element.dataset.done = `${open.name} ${target}`;
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

/** Covers the patch that cost most once more, for what it does to the probability. */
function worstPatch(network, image, {columns, drop}, {size, stride}, target) {
  const worst = greatestAt(drop);
  const lead = Math.floor((stride - size) / 2);
  const [height, width, channels] = network.inputShape;
  const [row, column] = [Math.floor(worst / columns) * stride + lead, (worst % columns) * stride + lead];
  const covered = Float32Array.from(image);
  for (let y = Math.max(0, row); y < Math.min(height, row + size); y++) {
    covered.fill(0, (y * width + Math.max(0, column)) * channels, (y * width + Math.min(width, column + size)) * channels);
  }
  const probabilityOf = (pixels) => runNetwork(network, pixels).probabilities[target];
  const [bottom, right] = [Math.min(height, row + size) - 1, Math.min(width, column + size) - 1];
  const box = {top: Math.max(0, row), left: Math.max(0, column), bottom, right};
  return {size, box, drop: drop[worst], before: probabilityOf(image), after: probabilityOf(covered)};
}

async function rest(milliseconds) {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await nextSlice();
}
