import {readNumbers} from "../../data/typed-arrays.js";
import {newElement, newShape, titleSetter, mountLive} from "../../dom/element.js";
import {formatPercent, formatWhole, nounFor} from "../../dom/format.js";
import {newRecallAxis, recallAxis} from "./class-recall.js";
import {makeImageWall, newDoors} from "./image-wall.js";
import {rowsWhere} from "./selection.js";

/** Tiles per page. */
const DOOR_PAGE = 10;

/** Start the comparison with the baseline: two intervals, and the images that one or both networks misclassify. */
export async function startBaseline(session) {
  const {evidence, metrics: {baseline, test}, run} = session.payload;
  if (!baseline) return;
  const own = run.model.toUpperCase();
  const {other} = document.querySelector('[data-live="baseline"]').dataset;
  const images = session.images.test;
  const island = images?.count ? evidence.test.baseline_predictions : null;
  const predictions = island && (await readNumbers(document, island, "uint16"));
  const wall = predictions && makeImageWall(session, {size: DOOR_PAGE, label: "Images that a network misclassifies"});
  const counts = [baseline.both_wrong, baseline.only_baseline_wrong, baseline.only_model_wrong];
  const labels = ["both wrong", `only the ${other} wrong`, `only the ${own} wrong`];
  const doors = newDoors(labels.map((label) => () => label), wall && ((place) => {
    const isIn = (row) => {
      const [isOwn, isOther] = [images.predictions[row], predictions[row]].map((each) => each !== images.labels[row]);
      return [isOwn && isOther, !isOwn && isOther, isOwn && !isOther][place];
    };
    const rows = rowsWhere(images, isIn);
    const said = [`${formatWhole(counts[place])} test ${nounFor(counts[place], "image")}: ${labels[place]}`];
    const isOther = place === 1;
    const told = isOther ? `The class after the arrow is the ${other}’s prediction, the percentage the ${own}’s.` : "";
    wall.show({said, count: counts[place], rows, answers: isOther ? {...images, predictions} : images, about: told});
  }));
  doors.count(counts);
  titleSetter("baseline")("Accuracy of both networks, and the images that one or both misclassify");
  mountLive("baseline", newIntervals([[own, test], [other, baseline]]), doors.node, wall ? wall.node : "");
  doors.open([2, 1, 0].find((place) => counts[place]) ?? -1);
}

/** Draw an accuracy with its interval per row, and the axis below. */
function newIntervals(rows) {
  const axis = recallAxis(rows.map(([, {interval}]) => ({support: 1, interval, precision: null})));
  const at = (value) => `${(100 * axis.place(value)).toFixed(2)}%`;
  const cells = rows.flatMap(([name, {accuracy, interval: [low, high]}]) => [
    newElement("strong", {}, {name}),
    newShape(
      "svg", {class: "track", height: 24, "aria-hidden": "true"},
      newShape("line", {class: "interval", x1: at(low), x2: at(high), y1: 12, y2: 12}),
      newShape("circle", {class: "recall", cx: at(accuracy), cy: 12, r: 5}),
    ),
    newElement("span", {}, formatPercent(accuracy), newElement("span", {class: "quiet"}, ` ${formatPercent(low)} to ${formatPercent(high)}`)),
  ]);
  return newElement("div", {class: "interval-bars"}, ...cells, newElement("span"), newRecallAxis(axis));
}
