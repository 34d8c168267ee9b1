import {newElement} from "../drawing/element.js";
import {drawWhenSeen} from "../seen.js";
import {greyImage, inputImage, thumbnailOf} from "./showing.js";
import {PREPARATION_STEPS, pictureText} from "./steps-words.js";

/** The side of a picture, in pixels. */
const STEP_SIDE = 84;
/** The side of the only one. */
const ALONE_SIDE = 168;

/**
 * The way from what was drawn to what the network sees, step by step, each with a switch.
 *
 * @param {Document} page
 * @param {import("../live.js").Live} live
 * @param {import("./hand.js").Hand} hand
 * @param {boolean} isInk
 */
export function startSteps(page, live, hand, isInk) {
  const node = page.getElementById("steps");
  const about = page.getElementById("steps-about");
  const {dataset} = live.payload;
  const cards = PREPARATION_STEPS.map((step) => makeCard(page, hand, step));
  const [first, last] = [makeEnd(page, "What you drew"), makeEnd(page, "What the network sees")];
  node.append(first.node, ...cards.map((card) => card.node), last.node);

  function draw() {
    const {open} = live;
    const prepared = open.source === "drawing" || (open.source === "picture" && hand.photo) ? hand.prepared : null;
    const hasSteps = prepared !== null && hand.making.way === "digit";
    const isOpened = open.source === "picture" && !hand.photo && live.payload.opened?.name === open.file;
    about.textContent = isOpened ? openedText(live.payload.opened) : aboutText(hand.making, dataset, open);
    for (const {node: card, step, show} of cards) {
      card.hidden = !hasSteps || (step.isPhotoOnly && open.source !== "picture");
      if (!card.hidden) show(prepared);
    }
    first.node.hidden = !prepared;
    if (prepared) {
      const drawn = open.source === "drawing" ? hand.ink : hand.photo;
      first.title.textContent = open.source === "drawing" ? "What you drew" : "Your picture";
      paintStep(first.canvas, drawn, open.source === "drawing");
      first.text.textContent = pictureText(prepared, drawn);
    }
    const [height, width] = dataset.image_shape;
    fitCanvas(last.canvas, height, width, prepared ? STEP_SIDE : ALONE_SIDE);
    last.node.classList.toggle("is-alone", !prepared);
    const context = last.canvas.getContext("2d");
    context.putImageData(inputImage(context, open.pixels, dataset.image_shape, isInk), 0, 0);
    last.canvas.classList.toggle("inked", isInk);
    last.text.textContent = `${height} × ${width} pixels${open.pixels === open.original ? "" : ", changed by the sliders"}`;
  }

  draw();
  const ask = drawWhenSeen(node, draw);
  live.subscribe((_, changed) => changed.has("open") && ask());
}

/** What was done to the picture that the page was made for. */
function openedText({name, done}) {
  return done.length
    ? `This page was made for ${name}. What was done to it: ${done.join("; ")}.`
    : `This page was made for ${name}, which goes in as it is.`;
}

/** What is done, for the kind of images that this set has. */
function aboutText({way, polarity, settings: {height, width, boxShare}}, {name}, {source}) {
  const frame = `${height} × ${width}`;
  if (source === "test" || source === "train") {
    const own = "This image is one of the set's own, and goes in as it is.";
    return way === "digit" ? `${own} Draw something, or drop a picture, and what makes it like one of them appears here.` : own;
  }
  if (way === "digit") {
    const [down, across] = [height, width].map((side) => Math.floor(side * boxShare + 0.5));
    return `The digits of ${name} fill ${down} × ${across} of ${frame} pixels, bright on dark, with their centre of mass in the ` +
      "middle. What you bring goes the same way. Switch a step off, and see what the network makes of it.";
  }
  if (source === "drawing") return `What you draw is scaled to ${frame} pixels. Nothing else is done to it.`;
  const turned = polarity ? `, and inverted unless it is ${polarity}, as the images of ${name} are` : "";
  return `The middle of your picture is scaled to ${frame} pixels${turned}. Nothing else is done to it.`;
}

function makeCard(page, hand, step) {
  const box = newElement(page, "input", {type: "checkbox", checked: true});
  box.addEventListener("change", () => {
    // Without its step, polarity stays as it is; the other steps are on or off.
    hand.setSwitch(step.key, step.key === "polarity" ? (box.checked ? "auto" : "keep") : box.checked);
  });
  const canvas = newElement(page, "canvas", {className: "step-picture", "aria-hidden": "true"});
  const text = newElement(page, "span", {className: "step-text"});
  const node = newElement(page, "li", {className: "step", hidden: true}, canvas, newElement(page, "label", {}, box, step.name), text);
  return {
    node,
    step,
    show(prepared) {
      const picture = prepared.steps[step.key].picture;
      paintStep(canvas, picture, true);
      text.textContent = box.checked ? step.text(prepared) : "off";
    },
  };
}

function makeEnd(page, name) {
  const canvas = newElement(page, "canvas", {className: "step-picture", "aria-hidden": "true"});
  const title = newElement(page, "strong", {}, name);
  const text = newElement(page, "span", {className: "step-text"});
  return {canvas, title, text, node: newElement(page, "li", {className: "step step-end"}, canvas, title, text)};
}

function paintStep(canvas, picture, asInk) {
  const shown = thumbnailOf(picture);
  fitCanvas(canvas, shown.height, shown.width);
  const context = canvas.getContext("2d");
  context.putImageData(greyImage(context, shown, asInk), 0, 0);
  canvas.classList.toggle("inked", asInk);
}

function fitCanvas(canvas, height, width, side = STEP_SIDE) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const share = side / Math.max(height, width);
  const scale = share >= 1 ? Math.floor(share) : share;
  [canvas.style.width, canvas.style.height] = [`${width * scale}px`, `${height * scale}px`];
  canvas.classList.toggle("is-shrunk", share < 1);
}
