import {probabilityAxis} from "../../dom/chart/axis.js";
import {makeLineChart} from "../../dom/chart/line-chart.js";
import {newElement, quotedName, refill} from "../../dom/element.js";
import {formatProbability} from "../../dom/format.js";
import {frameAt} from "../../state/epochs.js";

/** Letters of a name that fit at the end of a line. */
const MAX_LETTERS = 12;

/**
 * Create a chart of the probabilities of two classes after each epoch, below a line that reads them out.
 * @param {ArrayLike<number>[]} course.probabilities of all classes, for each frame
 * @param {number} course.called the predicted class
 * @param {number | null} course.label the true class
 * @returns {{nodes: HTMLElement[], mark: () => void}} `mark`: the open epoch
 */
export function newProbabilityCourse(session, {width, height, probabilities, called, rival, label}) {
  const {frames, names} = session;
  const epochs = frames.map(({epoch}) => epoch);
  const isWrong = label !== null && called !== label;
  const series = [
    {label: called, className: isWrong ? "wrong" : "right", marker: isWrong ? "square" : "circle"},
    {label: rival, className: isWrong ? "right" : "other", marker: isWrong ? "circle" : "square"},
  ].map((each) => {
    const full = names[each.label];
    const name = full.length > MAX_LETTERS ? `${full.slice(0, MAX_LETTERS - 1)}…` : full;
    return {...each, full, name, values: probabilities.map((all) => all[each.label])};
  });
  const readout = newElement("p", {class: "readout"});
  let openPlace = 0;
  const read = (place) => {
    const [first, second] = series.map(({full, values}) => [...quotedName(full), ` ${formatProbability(values[place])}`]);
    refill(readout, newElement("strong", {}, `Epoch ${epochs[place]}`), " ", ...first, ", ", ...second);
  };
  const chart = makeLineChart({
    width, height, label: "Probability", epochs, last: epochs[epochs.length - 1], axis: probabilityAxis(), series,
    onPick: (place) => session.set({epoch: frames[place].state}),
    write: (value) => formatProbability(value, 1),
    tell: (place) => `epoch ${epochs[place]}: ${series.map(({full, values}) => `${full} ${formatProbability(values[place])}`).join(", ")}`,
    onPoint(place) {
      chart.pointAt(place);
      read(place ?? openPlace);
    },
  });
  return {
    nodes: [readout, chart.node],
    mark() {
      openPlace = frameAt(frames, session.state.epoch);
      chart.markEpoch(openPlace);
      read(openPlace);
    },
  };
}
