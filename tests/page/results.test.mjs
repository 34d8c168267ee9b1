import assert from "node:assert/strict";
import test from "node:test";
import {formatCount, formatPercent, formatProbability, formatWhole} from "../../src/convscope/page/js/dom/format.js";
import {comparedClasses} from "../../src/convscope/page/js/network/softmax.js";
import {distanceBetween} from "../../src/convscope/page/js/state/ood-score.js";
import {predictionsByEpochSentence} from "../../src/convscope/page/js/views/image-details/predictions-by-epoch.js";
import {makeTriage} from "../../src/convscope/page/js/views/image-details/triage.js";
import {recallAxis} from "../../src/convscope/page/js/views/results/class-recall.js";
import {confusedPairs, errorCount, errorTint, legendCounts, mostConfusedClasses} from "../../src/convscope/page/js/data/confusion-counts.js";
import {pageAt, placeAfterKey} from "../../src/convscope/page/js/views/results/gallery-paging.js";
import {galleryTitle} from "../../src/convscope/page/js/views/results/selection.js";
import {isHighlightedClass, isHighlightedImage, makeLinkedHighlight} from "../../src/convscope/page/js/views/results/linked-highlight.js";
import {nearestPoint, projected} from "../../src/convscope/page/js/views/results/pca-map.js";
import {classKeys, makeMarks} from "../../src/convscope/page/js/views/results/marks.js";
import {ALL_IMAGES, ALL_MISTAKES, TILE_ORDERS, orderedRows, printedNumber, selectedRows} from "../../src/convscope/page/js/views/results/selection.js";

const images = {
  count: 6,
  indices: [3, 10, 11, 20, 21, 30],
  labels: [0, 1, 1, 0, 2, 1],
  predictions: [0, 0, 1, 2, 2, 0],
  confidence: [0.9, 0.6, 0.8, 0.6, 1, 0.7],
  trueProbability: [0.9, 0.3, 0.8, 0.1, 1, 0.3],
};
const everyRow = Uint32Array.from([0, 1, 2, 3, 4, 5]);
const ordered = (order) => [...orderedRows(everyRow, images, order)];

test("filters hold one by one and together", () => {
  assert.deepEqual([...selectedRows(images, ALL_IMAGES)], [0, 1, 2, 3, 4, 5]);
  assert.deepEqual([...selectedRows(images, ALL_MISTAKES)], [1, 3, 5]);
  assert.deepEqual([...selectedRows(images, {truth: 1, predicted: -1, outcome: "all"})], [1, 2, 5]);
  assert.deepEqual([...selectedRows(images, {truth: -1, predicted: 2, outcome: "right"})], [4]);
  assert.deepEqual([...selectedRows(images, {truth: 1, predicted: 0, outcome: "all"})], [1, 5]);
  assert.deepEqual([...selectedRows(images, {truth: 1, predicted: 0, outcome: "right"})], []);
});

test("hints are looked up by the image's number, and only mistakes have one", () => {
  const list = [{index: 10, evidence: ["3 gets 98%"]}];
  const hints = makeTriage({indices: {"label suspect": [10], "ambiguous": [], "model error": [20, 30]}, list});
  assert.deepEqual(hints.kinds, [{kind: "label suspect", count: 1}, {kind: "model error", count: 2}]);
  assert.deepEqual(hints.triageOf(10), {kind: "label suspect", evidence: ["3 gets 98%"]});
  assert.deepEqual(hints.triageOf(30), {kind: "model error", evidence: null});
  assert.deepEqual([hints.kindOf(3), hints.triageOf(3)], [null, null]);
  const triageOf = (row) => hints.kindOf(images.indices[row]);
  assert.deepEqual([...selectedRows(images, {...ALL_MISTAKES, hint: "model error"}, triageOf)], [3, 5]);
  assert.deepEqual([...selectedRows(images, {...ALL_IMAGES, truth: 1, hint: "label suspect"}, triageOf)], [1]);
  assert.deepEqual([...selectedRows(images, {...ALL_MISTAKES, hint: ""}, triageOf)], [1, 3, 5]);
});

test("a page of an earlier version has no hints", () => {
  for (const mistakes of [undefined, {triage: {}, list: [{index: 1}]}]) {
    assert.deepEqual(makeTriage(mistakes).kinds, []);
    assert.equal(makeTriage(mistakes).triageOf(1), null);
  }
});

test("equal ones stay in their order", () => {
  assert.deepEqual(ordered("surest"), [4, 0, 2, 5, 1, 3]);
  assert.deepEqual(ordered("doubtful"), [1, 3, 5, 2, 0, 4]);
  assert.deepEqual(ordered("worst"), [3, 1, 5, 2, 0, 4]);
  assert.deepEqual(ordered("number"), [0, 1, 2, 3, 4, 5]);
});

test("an unknown order is refused", () => {
  assert.throws(() => orderedRows(everyRow, images, "toString"), /unknown order: toString; surest, /);
  assert.equal(TILE_ORDERS.length, 4);
});

test("no number leads beyond the pages that there are", () => {
  assert.deepEqual(pageAt(0, 60, 5), {page: 0, pages: 1, start: 0, end: 0});
  assert.deepEqual(pageAt(61, 60, 1), {page: 1, pages: 2, start: 60, end: 61});
  assert.deepEqual(pageAt(60, 60, 1), {page: 0, pages: 1, start: 0, end: 60});
  assert.equal(pageAt(100, 10, -3).page, 0);
  assert.equal(pageAt(100, 10, NaN).page, 0);
});

test("the pages hold every tile once", () => {
  const places = [];
  for (let page = 0; page < pageAt(10000, 60, 0).pages; page++) {
    const {start, end} = pageAt(10000, 60, page);
    for (let place = start; place < end; place++) places.push(place);
  }
  assert.deepEqual(places, Array.from({length: 10000}, (_, place) => place));
});

test("keys lead over the ends of lines and pages, and never out of the tiles", () => {
  const grid = {count: 130, columns: 7, size: 60};
  assert.equal(placeAfterKey("ArrowRight", 59, grid), 60);
  assert.equal(placeAfterKey("ArrowDown", 56, grid), 63);
  assert.equal(placeAfterKey("ArrowUp", 3, grid), 0);
  assert.equal(placeAfterKey("Home", 75, grid), 60);
  assert.equal(placeAfterKey("End", 75, grid), 119);
  assert.equal(placeAfterKey("PageDown", 100, grid), 129);
  assert.equal(placeAfterKey("ArrowLeft", 0, grid), 0);
  assert.equal(placeAfterKey("a", 5, grid), null);
  assert.equal(placeAfterKey("ArrowRight", 0, {count: 0, columns: 1, size: 60}), 0);
});

const counts = [[5, 1, 0, 0], [3, 4, 0, 0], [0, 0, 9, 1], [0, 1, 0, 8]];

test("errors are counted off the diagonal", () => {
  assert.equal(errorCount(counts), 6);
  assert.deepEqual(confusedPairs(counts)[0], {truth: 1, predicted: 0, count: 3});
  assert.deepEqual(confusedPairs(counts).slice(1).map(({truth, predicted}) => [truth, predicted]), [[0, 1], [2, 3], [3, 1]]);
  assert.deepEqual(mostConfusedClasses(counts, 2), [0, 1]);
  assert.deepEqual(mostConfusedClasses(counts, 9), [0, 1, 2, 3]);
  // Class 1 is in more errors than any other, yet 0 and 3 make the most frequent pair.
  const spread = [[9, 0, 0, 3], [2, 9, 2, 0], [0, 2, 9, 0], [0, 0, 0, 9]];
  assert.deepEqual(mostConfusedClasses(spread, 2), [0, 3]);
  assert.deepEqual(mostConfusedClasses(spread, 3), [0, 1, 3]);
});

test("one error shows beside a thousand, and none does not", () => {
  assert.equal(errorTint(0, 1000), 0);
  assert.ok(errorTint(1, 1000) > 0.2);
  assert.equal(errorTint(1000, 1000), 1);
  assert.equal(errorTint(1, 1), 1);
  assert.ok(errorTint(2, 1000) > errorTint(1, 1000));
  assert.deepEqual(legendCounts(0), []);
  assert.deepEqual(legendCounts(3), [1, 2, 3]);
  assert.deepEqual(legendCounts(100), [1, 3, 10, 32, 100]);
});

test("a class lights its row and its column, a pair the images of both", () => {
  const lighting = makeLinkedHighlight();
  let lit = null;
  let told = 0;
  lighting.subscribe((now) => {
    lit = now;
    told++;
  });
  lighting.lightClass(2);
  assert.deepEqual([isHighlightedImage(lit, 2, 5), isHighlightedImage(lit, 5, 2), isHighlightedImage(lit, 5, 5)], [true, true, false]);
  lighting.lightPair(2, 5);
  assert.deepEqual([isHighlightedImage(lit, 2, 5), isHighlightedImage(lit, 2, 2), isHighlightedClass(lit, 5), isHighlightedClass(lit, 3)], [true, false, true, false]);
  lighting.lightPair(2, 5);
  assert.equal(told, 2);
  lighting.darken();
  assert.equal(isHighlightedImage(lit, 2, 5), false);
});

test("a probability is never rounded to none or all", () => {
  assert.equal(formatProbability(1), ">\u00a099.99%");
  assert.equal(formatProbability(0), "<\u00a00.01%");
  assert.equal(formatProbability(0.5), "50.00%");
  assert.equal(formatProbability(0.0004, 1), "<\u00a00.1%");
  assert.equal(formatPercent(null), "–");
  assert.equal(formatWhole(1234567), "1,234,567");
  assert.equal(formatCount(1, "image"), "one\u00a0image");
});

test("a mistake is between the answer and the truth, any other image between the answer and the runner-up", () => {
  assert.deepEqual(comparedClasses([0.1, 0.7, 0.2], 0), {called: 1, rival: 0});
  assert.deepEqual(comparedClasses([0.1, 0.7, 0.2], 1), {called: 1, rival: 2});
  assert.deepEqual(comparedClasses([0.1, 0.7, 0.2], null), {called: 1, rival: 2});
});

test("the course of an image is told in one sentence", () => {
  const told = (epochs, answers, label) => predictionsByEpochSentence(epochs, answers, label, ["a", "b"]).map((part) => part.name ?? part).join("");
  assert.equal(told([1, 2, 3], [0, 0, 0], 0), "Correct in all 3 epoch snapshots.");
  assert.equal(told([1, 2, 3], [0, 1, 1], 0), "Correct after epoch 1, misclassified after epochs 2 and 3.");
  assert.equal(told([1, 5], [1, 1], 0), "Misclassified in all 2 epoch snapshots.");
  assert.equal(told([1, 2], [0, 1], null), "Predicted as “a” after epoch 1, “b” after epoch 2.");
  assert.equal(told([1], [1], 0), "");
});

test("distances are Euclidean", () => assert.equal(distanceBetween([1, 2, 3], [1, 5, 7]), 5));

test("a tile prints the number that its order sorts by, where that is a probability", () => {
  for (const order of TILE_ORDERS) {
    const numbers = ordered(order).map((row) => images[printedNumber(order)][row]);
    const sorted = [...numbers].sort((a, b) => (order === "surest" ? b - a : a - b));
    if (["surest", "doubtful", "worst"].includes(order)) assert.deepEqual(numbers, sorted, order);
  }
});

test("the title of the gallery counts what the filters leave", () => {
  const names = ["a", "b", "c"];
  const titleOf = (selection, count, total) =>
    galleryTitle({...ALL_MISTAKES, ...selection}, {count, total}, names).map((part) => part.name ?? part).join("");
  assert.equal(titleOf({}, 37, 37), "All 37 errors");
  assert.equal(titleOf({}, 1, 1), "The only error");
  assert.equal(titleOf({}, 2, 2), "Both errors");
  assert.equal(titleOf({}, 40, 2345), "40 of 2,345 errors");
  assert.equal(titleOf({truth: 0, predicted: 1}, 9, 37), "9 errors: “a” predicted as “b”");
  assert.equal(titleOf({truth: 0, predicted: 1, outcome: "all"}, 1, 100), "1 error: “a” predicted as “b”");
  assert.equal(titleOf({truth: 2}, 4, 37), "4 errors: true class “c”");
  assert.equal(titleOf({predicted: 2, hint: "ambiguous"}, 4, 37), "4 errors: predicted as “c”, ambiguous image");
  assert.equal(titleOf({outcome: "right"}, 963, 963), "All 963 correct predictions");
  assert.equal(titleOf({hint: "ambiguous"}, 0, 37), "0 images match");
});

test("marks become the rows that the audit reads, without formulas, and the given label corrects nothing", () => {
  const marks = makeMarks({...images, files: ["", "a/1.png", "", "=b.png", "x row 4"]}, ["=a", "b, c", "d"]);
  let told = 0;
  marks.subscribe(() => told++);
  marks.toggle(3);
  marks.set(1, {label: 1});
  assert.deepEqual([...marks.all.keys()], [3]);
  marks.set(1, {label: 2});
  marks.set(1, {note: "-1"});
  marks.toggle(4);
  marks.set(4, {note: "unclear"});
  assert.equal(marks.csv(), [
    "split,index,given,suggested,score,file,confirmed,corrected,note", `test,10,"b, c",'=a,,a/1.png,yes,d,'-1`,
    "test,20,'=a,d,,'=b.png,yes,d,", "test,21,d,,,x row 4,yes,,unclear", "",
  ].join("\r\n"));
  marks.toggle(3);
  assert.equal(marks.all.size, 2);
  marks.clear();
  assert.equal(marks.all.size + told, 7);
});

test("ten classes have keys: their first letters where those differ and are free, else their numbers", () => {
  assert.deepEqual(classKeys(["cat", "Dog"]), ["c", "d"]);
  assert.deepEqual(classKeys(["cat", "cow", "dog"]), ["0", "1", "2"]);
  assert.deepEqual(classKeys(["jay", "kite"]), ["0", "1"]);
  assert.deepEqual(classKeys([..."5678"]), [..."5678"]);
  assert.deepEqual(classKeys(["1 line", "+"]), ["0", "1"]);
  assert.deepEqual(classKeys(Array.from({length: 11}, (_, place) => `c${place}`)), []);
});

test("no two labels of the recall axis overlap, whatever the range and the room", () => {
  for (const letters of [15, 19, 22]) {
    for (const low of [0, 0.2, 0.5, 0.8, 0.9, 0.93, 0.95, 0.97, 0.98, 0.985, 0.99, 0.995, 0.998, 0.999, 0.9995]) {
      const {place, ticks} = recallAxis([{support: 100, interval: [low, 1], precision: 1}], letters);
      const ends = ticks.map(({value, text}) => {
        const right = letters * place(value) + text.length / 2;
        return [right - text.length, right];
      });
      assert.ok(ticks.length > 0);
      ends.slice(1).forEach(([left], index) => assert.ok(left >= ends[index][1] + 1, `${low}, ${letters}: ${ticks.map(({text}) => text)}`));
    }
  }
});

test("an image is placed by its activations less their mean, along both components", () => {
  const projection = Float32Array.of(1, 2, 3, 1, 0, 0, 0, 0.5, -0.5);
  assert.deepEqual(projected(Float32Array.of(1, 2, 3), projection), [0, 0]);
  assert.deepEqual(projected(Float32Array.of(3, 6, 1), projection), [2, 3]);
});

test("an arrow key leads to the nearest point that lies ahead rather than aside", () => {
  const points = [[0, 0], [3, 0], [1, 2], [-4, 1], [0, 9]].map(([x, y]) => ({x, y}));
  const after = (way) => points.indexOf(nearestPoint(points, points[0], Infinity, way));
  assert.deepEqual([[1, 0], [-1, 0], [0, 1], [0, -1]].map(after), [1, 3, 2, -1]);
  assert.equal(nearestPoint(points, {x: 2, y: 2}, 1.5), points[2]);
  assert.equal(nearestPoint(points, {x: 20, y: 2}, 1.5), null);
});
