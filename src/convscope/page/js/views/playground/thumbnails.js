import {newElement} from "../../dom/element.js";
import {mistakeNames} from "../../dom/image-title.js";
import {paintRow} from "../../dom/picture.js";
import {startRovingFocus} from "../../dom/roving-focus.js";
import {makeInk, setStrokes} from "../../image/stroke-canvas.js";
import {greyImage} from "./input-display.js";

/** Start the row of pictures under the pad: a test image, three errors, an image that the data has none like, and any other. */
export function startThumbnails(session, input) {
  const node = document.getElementById("thumbnails");
  const {images: {test}, names, isInk} = session;
  const named = new Map();

  function add(caption, label, picture, click) {
    const frame = newElement("span", {class: "thumbnail"}, picture); // the ink's filter would invert a frame of its own
    const button = newElement("button", {type: "button", "aria-label": label, title: label, click}, frame, newElement("span", {}, caption));
    node.append(button);
    return button;
  }

  function addImage(caption, index) {
    const row = test.indices.indexOf(index);
    const canvas = newElement("canvas", {class: isInk ? "inked" : "", width: test.width, height: test.height, "aria-hidden": "true"});
    paintRow(canvas, test, row, isInk);
    const [truth, predicted] = [test.labels[row], test.predictions[row]].map((label) => names[label]);
    const outcome = truth === predicted ? "" : `, predicted as ${predicted}`;
    const name = `test-${index}`;
    named.set(name, add(caption, `Test image ${index}: ${truth}${outcome}`, canvas, () => session.openImage(name)));
  }

  if (test?.count) {
    const first = Math.min(...test.indices);
    addImage("test", first);
    const mistakes = mistakeNames(test).filter((name) => name !== `test-${first}`);
    // The most confident one is asked for by an exercise.
    for (const name of mistakes.slice(mistakes.length > 3 ? 1 : 0, 4).slice(0, 3)) addImage("error", Number(name.slice(5)));
  }
  if (session.run) addForeign();
  if (test?.count) {
    const dice = newElement("span", {class: "dice", "aria-hidden": "true"}, "?");
    add("random", "A random test image", dice, () => session.openImage(`test-${test.indices[Math.floor(Math.random() * test.count)]}`));
  }
  startRovingFocus(node, "button");
  session.follow(["open"], showOpen);

  function showOpen() {
    for (const [name, button] of named) button.setAttribute("aria-pressed", String(name === session.open.name));
  }

  /** A drawn face, or noise where the pad cannot be drawn on: made here, whatever the data. */
  function addForeign() {
    const {making: {way, padHeight, padWidth, radius}} = input;
    const canvas = newElement("canvas", {"aria-hidden": "true"});
    const context = canvas.getContext("2d");
    if (way === "colour") {
      const noise = noisePicture(session.shape);
      [canvas.width, canvas.height] = [noise.width, noise.height];
      context.putImageData(new ImageData(noise.data, noise.width), 0, 0);
      add("noise", "Random noise, made for this page", canvas, () => input.putPicture(noise, "Random noise"));
      return;
    }
    const [ink, face] = [makeInk(padHeight, padWidth), faceStrokes(padHeight, padWidth, radius)];
    setStrokes(ink, face);
    [canvas.width, canvas.height, canvas.className] = [padWidth, padHeight, "inked"];
    context.putImageData(greyImage(context, ink, true), 0, 0);
    add("face", "A drawn face, made for this page", canvas, () => input.putStrokes(face));
  }
}

function faceStrokes(height, width, radius) {
  const side = Math.min(height, width);
  const at = (x, y) => ({x: Math.round(width / 2 + x * side), y: Math.round(height / 2 + y * side)});
  const arc = (size, from, to) => Array.from({length: 25}, (_, step) => {
    const turn = 2 * Math.PI * (from + ((to - from) * step) / 24);
    return at(size * Math.cos(turn), size * Math.sin(turn));
  });
  const lines = [arc(0.4, 0, 1), arc(0.22, 0.05, 0.45), [at(-0.14, -0.12), at(-0.14, -0.1)], [at(0.14, -0.12), at(0.14, -0.1)]];
  return lines.map((points) => ({radius, points}));
}

/** The same noise each time. @returns {import("../../image/preprocess/resample.js").Pixels} */
function noisePicture({height, width}) {
  let seed = 1;
  const next = () => (seed = (seed * 16807) % 2147483647) % 256;
  const data = Uint8ClampedArray.from({length: 4 * height * width}, (_, place) => (place % 4 === 3 ? 255 : next()));
  return {height, width, data};
}
