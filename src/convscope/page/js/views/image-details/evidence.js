import {newElement} from "../../dom/element.js";
import {comparedClasses, largestOf} from "../../network/softmax.js";
import {epochProbabilities} from "../../state/epochs.js";
import {newProbabilityCourse} from "../epochs/probability-course.js";
import {makeAttributionDetails} from "./attribution.js";
import {cacheNeighbours, newNeighbourView} from "./nearest-images.js";
import {predictionsByEpochSentence} from "./predictions-by-epoch.js";

/**
 * Create the slow part of the image details: attribution, nearest training images and training course of two classes.
 *
 * It needs many runs of the network, so it comes last and in slices.
 * @returns {{node: HTMLElement, show: (open: OpenImage, answer: number) => Promise<void>}} `answer`: the class that it is called
 * @typedef {import("../../state/session.js").OpenImage} OpenImage
 */
export function makeEvidenceDetails(session) {
  const {names, frames} = session;
  const classesView = makeAttributionDetails(session);
  const others = newElement("div");
  const node = newElement("div", {}, classesView.node, others);
  const findNeighbours = cacheNeighbours(session);
  const findCourse = epochProbabilities(session);
  let asked = 0;
  let shown = {key: null, change: "", course: null};

  async function show(open, answer) {
    if (answer < 0 || names.length < 2) return;
    const [key, {change}] = [open.row === null ? open.original : open.name, session.state];
    if (shown.key === key && shown.change === change) {
      shown.course?.mark(); // the epoch changes, the image does not
      return;
    }
    const mine = ++asked;
    const isWanted = () => mine === asked;
    const course = await findCourse(open.pixels, isWanted);
    if (!isWanted()) return;
    // Classes by the final weights, so that they stay the same during playback.
    const classes = course ? comparedClasses(course.at(-1), open.label) : {called: answer, rival: open.label};
    const labels = classesInOrder(classes, open.label);
    if (course) classesView.show(open.pixels, labels, (label) => roleOf(label, classes, open.label));
    else classesView.hide();
    const neighbourhood = await findNeighbours(open, labels, isWanted);
    if (!isWanted()) return;
    const chart = course && frames.length > 1
      ? newProbabilityCourse(session, {width: 336, height: 148, probabilities: course, ...classes, label: open.label}) : null;
    chart?.mark();
    shown = {key, change, course: chart};
    const views = [neighbourhood?.groups.length && newNeighbourView(session, neighbourhood), chart && newCourseView(chart, course, open.label)];
    others.replaceChildren(...views.filter(Boolean));
  }

  /** Create the chart of an image's probabilities after each epoch, computed with that epoch's weights, and its sentence. */
  function newCourseView(chart, course, label) {
    const sentence = predictionsByEpochSentence(frames.map(({epoch}) => epoch), course.map(largestOf), label, names);
    return newElement("details", {class: "details-part", name: "case-part", "data-part": "course"},
      newElement("summary", {}, "Probability after each epoch"), newElement("p", {class: "reading"}, ...sentence), ...chart.nodes);
  }

  return {node, show};
}

/** Return the two classes: the true one first for an error, otherwise the predicted one. */
function classesInOrder({called, rival}, label) {
  const order = label !== null && called !== label ? [rival, called] : [called, rival];
  return order.filter((each, place) => each !== null && order.indexOf(each) === place);
}

/** Return the role of a class for this image. */
function roleOf(each, {called}, label) {
  if (each === label) return "the true class";
  return each === called ? "the predicted class" : "the runner-up";
}
