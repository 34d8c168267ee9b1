import {csvOf} from "../../data/csv.js";
import {readWeights} from "../../data/weights.js";
import {newElement, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {imageTitle} from "../../dom/image-title.js";
import {paintInputs} from "../../dom/picture.js";
import {copyText, saveFile} from "../../dom/save-and-copy.js";
import {predictionOf} from "../../state/prediction.js";
import {formatHash} from "../../state/url-hash.js";
import {npzOf, predictionsCsv} from "./files.js";

/** Copy and save what the page holds: nothing is asked from anywhere. */
export function startTakeAlong(session) {
  startPrintedImage(session);
  const section = document.getElementById("yourself");
  const note = document.getElementById("taken");
  const {payload} = session;
  const name = payload.dataset.name.replace(/[^\w.-]+/g, "-");
  const save = (file, type, content) => {
    saveFile(`${name}-${file}`, type, content);
    note.textContent = `Saved as ${name}-${file}.`;
  };
  const makers = {
    async weights() {
      const weights = await readWeights(document, payload, "final");
      save("weights.npz", "application/zip", npzOf(payload.weights.arrays.map((array) => ({...array, data: weights[array.name]}))));
    },
    predictions: () => save("predictions.csv", "text/csv", predictionsCsv(session.images.test, session.names)),
    history() {
      const columns = Object.keys(payload.history[0]);
      save("history.csv", "text/csv", csvOf(columns, payload.history.map((epoch) => columns.map((column) => epoch[column]))));
    },
    metrics: () => save("metrics.json", "application/json", JSON.stringify(payload.metrics, null, 2)),
    figure() {
      const figure = document.getElementById(document.getElementById("take-figure").value);
      save(`${figure.id}.svg`, "image/svg+xml", svgText(figure.querySelector(".drawing svg")));
    },
  };
  const isThere = {weights: payload.weights, predictions: session.images.test};
  for (const button of section.querySelectorAll("[data-take]")) {
    button.hidden = button.dataset.take in isThere && !isThere[button.dataset.take];
    button.addEventListener("click", () => makers[button.dataset.take]());
  }
  for (const button of section.querySelectorAll("[data-copy]")) {
    const code = document.getElementById(button.dataset.copy);
    button.addEventListener("click", () => copyText(note, code, code.textContent));
  }
  const address = document.getElementById("address");
  document.getElementById("copy-address").addEventListener("click", () => {
    address.textContent = location.href.split("#")[0] + formatHash(session.state);
    copyText(note, address, address.textContent);
  });
}

/** Return a drawing of the report as an SVG file of its own, with the page's colours of now. */
function svgText(drawing) {
  const copy = drawing.cloneNode(true);
  const used = new Set([...drawing.querySelectorAll("[class]"), drawing].flatMap(({classList}) => [...classList]));
  const rules = [...document.styleSheets].flatMap(({cssRules}) => [...cssRules]);
  const style = document.createElementNS(drawing.namespaceURI, "style");
  style.textContent = rules.filter(({selectorText}) => used.has(selectorText?.slice(1))).map(({cssText}) => cssText).join("\n");
  copy.prepend(style);
  copy.setAttribute("font-variant-numeric", "tabular-nums");
  const [width, height] = copy.getAttribute("viewBox").split(" ").slice(2);
  copy.setAttribute("width", `${width}pt`);
  copy.setAttribute("height", `${height}pt`);
  const colours = getComputedStyle(document.documentElement);
  return new XMLSerializer().serializeToString(copy).replace(/var\((--\w+)\)/g, (_, name) => colours.getPropertyValue(name).trim().replaceAll('"', "'"));
}

/** Put the reader's own image, with what the network made of it, on the first sheet; nothing else on paper shows it. */
function startPrintedImage(session) {
  const place = document.getElementById("printed-image");
  addEventListener("beforeprint", () => {
    const {open, names, shape: {height, width}} = session;
    const {isEmpty, best, probabilities} = predictionOf(session);
    place.hidden = isEmpty || (open.source === "test" && open.pixels === open.original);
    if (place.hidden) return;
    const canvas = newElement("canvas", {width, height});
    paintInputs(canvas, session, open.pixels);
    const caption = best < 0 ? "" : `: predicted as ${names[best]} (${formatProbability(probabilities[best])})`;
    const picture = newElement("img", {src: canvas.toDataURL(), alt: imageTitle(open)});
    refill(place, picture, newElement("figcaption", {}, `${imageTitle(open)}${open.pixels === open.original ? "" : ", changed"}${caption}`));
  });
}
