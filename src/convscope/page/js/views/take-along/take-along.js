import {csvOf} from "../../data/csv.js";
import {readWeights} from "../../data/weights.js";
import {copyText, saveFile} from "../../dom/save-and-copy.js";
import {formatHash} from "../../state/url-hash.js";
import {svgText} from "./drawing-file.js";
import {npzOf, predictionsCsv} from "./files.js";
import {startPrintedImage} from "./printed-image.js";

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
