import {newElement, refill, mountLive} from "../../dom/element.js";
import {formatPercent, formatWhole, nounFor} from "../../dom/format.js";
import {makeImageWall, newDoors} from "./image-wall.js";
import {rowsWhere} from "./selection.js";
import {binOf, selectiveAccuracy, thresholdSteps} from "./selective-prediction.js";
import {makeCoveragePlot, makeReliabilityPlot} from "./threshold-plots.js";

/** Tiles per page below the charts. */
const RANGE_PAGE = 10;
/** Threshold at the start of a run without chosen ones. */
const FIRST_THRESHOLD = 0.9;

/** Start the section on uncertainty: one threshold, what it leaves, and the images behind each number. */
export function startUncertainty(session) {
  const {metrics: {uncertainty, test}} = session.payload;
  if (!uncertainty) return;
  const images = session.images.test;
  const steps = thresholdSteps(uncertainty, images?.count === test.n ? images : null);
  const {bins} = uncertainty.calibrated ?? uncertainty.uncalibrated;
  const wall = images?.count && makeImageWall(session, {size: RANGE_PAGE, label: "Images of this range"});
  const isWrong = (row) => images.labels[row] !== images.predictions[row];
  const sentence = newElement("p", {class: "selective"});
  const value = newElement("output", {});
  const slider = newElement("input", {type: "range", min: 0, max: steps.length - 1, input: show});
  const chosen = uncertainty.thresholds[0]?.threshold ?? FIRST_THRESHOLD;
  const first = steps.findIndex(({threshold}) => threshold >= chosen);
  slider.value = String(first < 0 ? steps.length - 1 : first);
  const step = () => steps[Number(slider.value)];

  const labels = [
    (count) => nounFor(count, "error remains", "errors remain"), (count) => nounFor(count, "image is rejected", "images are rejected"),
  ];
  const doors = newDoors(labels, wall && ((place) => {
    reliability.release();
    const {threshold, n, answered, correct} = step();
    const isRejected = place === 1;
    const isIn = (row) => (images.confidence[row] < threshold ? isRejected : !isRejected && isWrong(row));
    const count = isRejected ? n - answered : answered - correct;
    const said = [`${formatWhole(count)} ${labels[place](count)} at a threshold of ${formatPercent(threshold)}`];
    wall.show({said, count, rows: rowsWhere(images, isIn), order: isRejected ? "doubtful" : "surest"});
  }));
  const coverage = makeCoveragePlot(steps, (place) => {
    slider.value = String(place);
    show();
    doors.repeat();
  });
  const reliability = makeReliabilityPlot(bins, steps.map(({threshold}) => threshold), wall && ((bin) => {
    doors.release();
    const place = binOf((bin.low + bin.high) / 2);
    const said = [`${formatWhole(bin.n)} ${nounFor(bin.n, "image")} with a confidence of ${formatPercent(bin.low, 0)} to ${formatPercent(bin.high, 0)}, `];
    said.push(`${formatWhole(bin.n - bin.correct)} misclassified`);
    const rows = rowsWhere(images, (row) => binOf(images.confidence[row]) === place);
    wall.show({said, count: bin.n, rows, order: "worst"});
  }));

  function show() {
    const {threshold, answered, correct, n} = step();
    const {value: accuracy, interval} = selectiveAccuracy(step());
    const strong = (text) => newElement("strong", {}, text);
    value.textContent = formatPercent(threshold);
    refill(
      sentence, "At this threshold the network predicts ", strong(formatWhole(answered)), ` of ${formatWhole(n)} test images (`,
      strong(formatPercent(answered / n)), " coverage), and ", strong(formatPercent(accuracy)),
      ` of these predictions are correct (95% CI ${formatPercent(interval[0]).slice(0, -1)}–${formatPercent(interval[1])}).`,
    );
    slider.setAttribute("aria-valuetext", `${formatPercent(threshold)}: ${sentence.textContent}`);
    doors.count([answered - correct, n - answered]);
    for (const plot of [coverage, reliability]) plot.show(Number(slider.value));
  }
  slider.addEventListener("change", doors.repeat);
  const label = newElement("label", {class: "threshold"}, "Predict only where the confidence is at least ", value, slider);
  mountLive("threshold", label, sentence);
  mountLive("coverage", coverage.node);
  const place = mountLive("reliability", reliability.node);
  if (place) place.scrollLeft = place.scrollWidth; // most images are in the last bins
  show();
  mountLive("sure-images", doors.node, wall ? wall.node : "");
  doors.open(0);
}
