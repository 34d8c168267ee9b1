import {accuracyAxis, lossAxis} from "../../dom/chart/axis.js";
import {makeLineChart} from "../../dom/chart/line-chart.js";
import {newElement, refill, mountLive} from "../../dom/element.js";
import {formatPercent} from "../../dom/format.js";
import {frameAt} from "../../state/epochs.js";

/** Interactive charts of loss and accuracy: pointing at an epoch shows its values in both, and a click selects it. */

const CHARTS = [
  {
    mount: "accuracy-curves", label: "Accuracy", keys: ["accuracy", "val_accuracy"], makeAxis: accuracyAxis,
    write: (value) => formatPercent(value),
  },
  {mount: "loss-curves", label: "Loss", keys: ["loss", "val_loss"], makeAxis: lossAxis, write: (value) => value.toFixed(4)},
];
const SIZE = {width: 372, height: 200};

/** @param {import("../../state/epochs.js").Frame[]} frames */
export function startCurves(session, frames) {
  const {history} = session.payload;
  const charts = CHARTS.map((kind) => {
    const mount = document.querySelector(`[data-live="${kind.mount}"]`);
    return mount && history.length ? putCurves(mount, kind, {session, frames, point}) : null;
  }).filter(Boolean);
  if (charts.length === CHARTS.length) document.querySelector(".curves > div")?.classList.add("are-live");

  function point(place) {
    for (const chart of charts) chart.pointAt(place);
  }

  function followFilm() {
    const {epoch} = frames[frameAt(frames, session.state.epoch)] ?? history[history.length - 1];
    const place = history.findIndex((each) => each.epoch === epoch);
    for (const chart of charts) chart.markEpoch(place);
  }
  session.follow(["epoch"], followFilm);
}

/** Put one chart with its values into its mount point. */
function putCurves(mount, {label, keys, makeAxis, write}, {session, frames, point}) {
  const {history} = session.payload;
  const checked = mount.dataset.checked;
  const [trained, validated] = keys.map((key) => history.map((each) => each[key]));
  const series = [
    {name: "training", className: "training", marker: "circle", values: trained},
    {name: checked, className: checked, marker: "square", values: validated},
  ];
  if (keys[1] === "val_loss") series[1].ring = lowestPlace(series[1].values);
  const readout = newElement("p", {class: "readout"});
  let openPlace = history.length - 1;
  const number = (value) => (Number.isFinite(value) ? write(value) : "–");
  const values = (place) => series.map((each) => `${each.name} ${number(each.values[place])}`).join(", ");
  const read = (place) => refill(readout, newElement("strong", {}, `Epoch ${history[place].epoch}`), ` ${values(place)}`);
  const chart = makeLineChart({
    ...SIZE, label, series, write,
    epochs: history.map(({epoch}) => epoch),
    last: history[history.length - 1].epoch,
    axis: makeAxis(series.flatMap((each) => each.values)),
    tell: (place) => `epoch ${history[place].epoch}: ${values(place)}`,
    onPoint: point,
    onPick(place) {
      const frame = frames.find(({epoch}) => epoch === history[place].epoch);
      if (frame) session.set({epoch: frame.state});
    },
  });
  mountLive(mount.dataset.live, readout, chart.node);
  return {
    pointAt(place) {
      chart.pointAt(place);
      read(place ?? openPlace);
    },
    markEpoch(place) {
      openPlace = Math.max(0, place);
      chart.markEpoch(frames.length ? openPlace : null);
      read(openPlace);
    },
  };
}

/** @param {(number | null)[]} values @returns {number} the place of the least; -1 where there is none */
function lowestPlace(values) {
  return values.reduce((best, value, place) => (Number.isFinite(value) && !(values[best] <= value) ? place : best), -1);
}
