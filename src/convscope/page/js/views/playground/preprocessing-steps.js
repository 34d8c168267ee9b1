import {newElement} from "../../dom/element.js";
import {paintInputs} from "../../dom/picture.js";
import {drawWhenVisible} from "../../dom/scheduling.js";
import {greyImage, thumbnailOf} from "./input-display.js";

/** Pixels of a step's picture. */
const STEP_SIDE = 84;
/** Pixels of the only picture. */
const ALONE_SIDE = 168;

/** Show the preprocessing from drawing to network input, each step with a switch. */
export function startPreprocessingSteps(session, input) {
  const node = document.getElementById("steps");
  const about = document.getElementById("steps-about");
  const {dataset} = session.payload;
  const cards = PREPROCESSING_STEPS.map((step) => makeCard(input, step));
  const [first, last] = [makeEnd("Your drawing"), makeEnd("Network input")];
  node.append(first.node, ...cards.map((card) => card.node), last.node);

  function draw() {
    const {open} = session;
    const prepared = open.source === "drawing" || (open.source === "picture" && input.photo) ? input.prepared : null;
    const hasSteps = prepared !== null && input.making.way === "digit";
    const isOpened = open.source === "picture" && !input.photo && session.payload.opened?.name === open.file;
    about.textContent = isOpened ? openedText(session.payload.opened) : aboutText(input.making, dataset, open);
    for (const {node: card, step, show} of cards) {
      card.hidden = !hasSteps || (step.isPhotoOnly && open.source !== "picture");
      if (!card.hidden) show(prepared);
    }
    first.node.hidden = !prepared;
    if (prepared) {
      const drawn = open.source === "drawing" ? input.ink : input.photo;
      first.title.textContent = open.source === "drawing" ? "Your drawing" : "Your image";
      paintStep(first.canvas, drawn, open.source === "drawing");
      first.text.textContent = pictureText(prepared, drawn);
    }
    const {shape: {height, width}, isInk} = session;
    fitCanvas(last.canvas, height, width, prepared ? STEP_SIDE : ALONE_SIDE);
    last.node.classList.toggle("is-alone", !prepared);
    paintInputs(last.canvas, session, open.pixels);
    last.canvas.classList.toggle("inked", isInk);
    last.text.textContent = `${height} × ${width} pixels${open.pixels === open.original ? "" : "; transformed by the sliders"}`;
  }

  draw();
  session.follow(["open"], drawWhenVisible(node, draw));
}

/** Return what was done to the image that the page was made for. */
function openedText({name, done}) {
  return done.length
    ? `This page was made for ${name}. Preprocessing: ${done.join("; ")}.`
    : `This page was made for ${name}, which needed no preprocessing.`;
}

/** Return what preprocessing does for this dataset. */
function aboutText({way, polarity, settings: {height, width, boxShare}}, {name}, {source}) {
  const frame = `${height} × ${width}`;
  if (source === "test" || source === "train") {
    const own = "This image is part of the dataset and needs no preprocessing.";
    return way === "digit" ? `${own} Draw something or drop an image file to see how it is preprocessed.` : own;
  }
  if (way === "digit") {
    const [down, across] = [height, width].map((side) => Math.floor(side * boxShare + 0.5));
    return `The digits of ${name} fill ${down} × ${across} of ${frame} pixels, are stored as bright ink on black, and have the centre of mass in the ` +
      "middle. Your input is preprocessed the same way. Switch a step off to see its effect on the prediction.";
  }
  if (source === "drawing") return `Your drawing is scaled to ${frame} pixels, without further preprocessing.`;
  const turned = polarity ? `, and inverted unless it is ${polarity}, as the images of ${name} are` : "";
  return `The middle of your image is scaled to ${frame} pixels${turned}, without further preprocessing.`;
}

function makeCard(input, step) {
  const box = newElement("input", {type: "checkbox", checked: true});
  box.addEventListener("change", () => {
    // Switched off, polarity means "keep"; the other steps are on or off.
    input.setSwitch(step.key, step.key === "polarity" ? (box.checked ? "auto" : "keep") : box.checked);
  });
  const canvas = newElement("canvas", {class: "step-picture", "aria-hidden": "true"});
  const text = newElement("span", {class: "step-text"});
  const node = newElement("li", {class: "step", hidden: true}, canvas, newElement("label", {}, box, step.name), text);
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

function makeEnd(name) {
  const canvas = newElement("canvas", {class: "step-picture", "aria-hidden": "true"});
  const title = newElement("strong", {}, name);
  const text = newElement("span", {class: "step-text"});
  return {canvas, title, text, node: newElement("li", {class: "step step-end"}, canvas, title, text)};
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

/**
 * What each preprocessing step did, in numbers. Pure: no DOM.
 * @typedef {import("./input.js").Prepared} Prepared
 * @typedef {{key: string, name: string, text: (prepared: Prepared) => string, isPhotoOnly: boolean}} Step
 */

/** @type {Step[]} in their order; `key` is the switch in prepareDigit's settings */
const PREPROCESSING_STEPS = [
  {key: "polarity", name: "Polarity", isPhotoOnly: true, text: polarityText},
  {
    key: "ground", name: "Background", isPhotoOnly: true,
    text: ({steps: {ground: {level, cut}}}) => `${level} subtracted, then levels up to ${cut} set to 0`,
  },
  {
    key: "crop", name: "Crop", isPhotoOnly: false,
    text: ({steps: {crop: {box}}}) => (box ? `ink in rows ${box.top}–${box.bottom}, columns ${box.left}–${box.right}` : "no ink"),
  },
  {
    key: "fit", name: "Fit", isPhotoOnly: false,
    text: ({steps: {crop: {box}, fit: {scale, height, width, thickened}}}) =>
      (box ? `× ${scale.toFixed(3)}: ${Math.round(height)} × ${Math.round(width)} pixels${thickened ? "; thin strokes thickened" : ""}` : "no ink"),
  },
  {key: "contrast", name: "Contrast", isPhotoOnly: false, text: contrastText},
  {key: "centre", name: "Centre", isPhotoOnly: false, text: centreText},
];

/** Return the size of the image and what was found in it. */
function pictureText({found}, {height, width}) {
  const size = `${height} × ${width} pixels`;
  if (found && found.count > 1) return `${size}; ${found.count} digits found; the largest is used`;
  return found?.isCleared ? `${size}; paper background removed` : size;
}

function polarityText({found, steps: {polarity: {border, inverted}}}) {
  if (found && (found.isCleared || found.count > 1)) return "ink inverted to bright";
  return inverted ? `border level ${border} of 255: inverted` : `border level ${border} of 255: unchanged`;
}

function contrastText({steps: {contrast: {peak}}}) {
  return peak === 0 ? "no ink" : peak >= 254 ? `maximum ${peak}: unchanged` : `maximum ${peak} scaled to 255`;
}

function centreText({steps: {centre: {mass, shift: [down, right], limited}}}) {
  if (!mass) return "no ink";
  const moves = [
    down && `${Math.abs(down)} ${down > 0 ? "down" : "up"}`,
    right && `${Math.abs(right)} ${right > 0 ? "right" : "left"}`,
  ].filter(Boolean);
  const at = `centre of mass (${mass[0].toFixed(1)}, ${mass[1].toFixed(1)})`;
  return `${at}: ${moves.length ? `moved ${moves.join(", ")}` : "not moved"}${limited ? ", as far as the frame allows" : ""}`;
}
