import {newElement} from "../../dom/element.js";
import {capitalized, formatWhole} from "../../dom/format.js";
import {newPicture, paintRow} from "../../dom/picture.js";
import {startRovingFocus} from "../../dom/roving-focus.js";

const SAMPLES_PER_CLASS = 10;
/** Pixels of the page that a sample takes, about. */
const SAMPLE_SIDE = 28;
const MAX_LISTED_CLASSES = 100;

/**
 * Return a table of the classes with their numbers of images and some of those images, which open in the stage.
 *
 * Its rows are linked to the other views by `data-label`, as those of the table of scores.
 * @returns {HTMLElement | null} null where the page holds no training images
 */
export function newSampleWall(session) {
  const images = session.images.reference;
  if (!images?.sample) return null;
  const {names, payload: {metrics: {data: {class_counts: counts}}}} = session;
  const splits = ["train", "validation", "test"].filter((split) => counts[split]);
  const most = Math.max(...counts.train);
  const head = ["Class", "Training", "", ...splits.slice(1).map(capitalized), "Training images"];
  const rows = names.slice(0, MAX_LISTED_CLASSES).map((name, label) => {
    const chosen = [];
    for (let row = 0; row < images.sample && chosen.length < SAMPLES_PER_CLASS; row++) if (images.labels[row] === label) chosen.push(row);
    const meter = newElement("meter", {min: 0, max: most, value: counts.train[label], "aria-hidden": "true"});
    return newElement(
      "tr", {"data-label": label}, newElement("th", {scope: "row", "data-link": "name"}, {name}),
      newCount(counts.train[label]), newElement("td", {}, meter),
      ...splits.slice(1).map((split) => newCount(counts[split][label])),
      newElement("td", {}, newElement("div", {class: "samples-of-class"}, ...chosen.map((row) => newSample(session, images, row)))),
    );
  });
  const table = newElement(
    "table", {class: "sample-wall"},
    newElement("thead", {}, newElement("tr", {}, ...head.map((text) => newElement(text ? "th" : "td", text ? {scope: "col"} : {}, text)))),
    newElement("tbody", {}, ...rows),
  );
  startRovingFocus(table, ".picture-button");
  return newElement("div", {class: "scroll wall-frame", tabindex: "0", role: "group", "aria-label": "Samples and class counts"}, table);
}

function newCount(count) {
  return newElement("td", {class: "n"}, formatWhole(count));
}

function newSample(session, images, row) {
  const index = images.indices[row];
  const picture = newPicture(images, SAMPLE_SIDE, session.isInk);
  paintRow(picture, images, row, session.isInk);
  const label = `Open training image ${formatWhole(index)}`;
  const click = () => session.openImage(`train-${index}`);
  return newElement("button", {type: "button", class: "picture-button", tabindex: "-1", title: label, "aria-label": label, click}, picture);
}
