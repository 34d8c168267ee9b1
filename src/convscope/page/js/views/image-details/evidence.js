import {newElement} from "../../dom/element.js";
import {comparedClasses} from "../../network/temperature.js";
import {epochProbabilities} from "../../state/epoch-probabilities.js";
import {makeAttributionDetails} from "./attribution.js";
import {cacheNeighbours, newNeighbourView} from "./nearest-images.js";
import {answerAbout} from "./subject.js";
import {newCourseView} from "./training-course.js";

/**
 * Create the slow part of the image details: attribution, nearest training images and training course of two classes.
 *
 * It needs many runs of the network, so it comes last and in slices.
 *
 * @param {Document} page
 * @param {import("../../state/session.js").Session} session
 * @param {object} options
 * @param {string[]} options.names
 * @param {boolean} options.isInk
 * @param {import("../../state/epochs.js").Frame[]} options.frames
 * @returns {{node: HTMLElement, show: (subject: Subject) => Promise<void>}}
 *
 * @typedef {import("./subject.js").Subject} Subject
 */
export function makeEvidenceDetails(page, session, {names, isInk, frames}) {
  const classesView = makeAttributionDetails(page, session, {names});
  const others = newElement(page, "div");
  const node = newElement(page, "div", {}, classesView.node, others);
  const findNeighbours = cacheNeighbours(session);
  const findCourse = epochProbabilities(session, frames);
  const trained = trainingImages(session.payload);
  let asked = 0;
  let shown = {key: null, change: "", course: null};

  async function show(subject) {
    const {open} = subject;
    const answer = answerAbout(session, subject);
    if (answer < 0 || names.length < 2) return;
    const [key, {change}] = [open.row === null ? open.original : open.name, session.state];
    if (shown.key === key && shown.change === change) {
      shown.course?.markEpoch(); // the epoch changes, the image does not
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
    const courseView = course && frames.length > 1
      ? newCourseView(page, session, {frames, probabilities: course, classes, label: open.label, names}) : null;
    shown = {key, change, course: courseView};
    others.replaceChildren(...[neighbourhood?.groups.length && newNear(neighbourhood), courseView?.node].filter(Boolean));
  }

  function newNear(neighbourhood) {
    const {reference} = session.images;
    return newNeighbourView(page, neighbourhood, {reference, names, isInk, trained, open: session.openImage});
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

/** Return the number of training images searched for neighbours. */
function trainingImages({metrics, run}) {
  const {train, validation} = metrics.data;
  return run.config.validation === "test" ? train : train + validation;
}
