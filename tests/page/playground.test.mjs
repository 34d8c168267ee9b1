import assert from "node:assert/strict";
import test from "node:test";
import {missingImageSentence, mistakeNames, neighbourName, imageTitle, testNameNear} from "../../src/convscope/page/js/dom/image-title.js";
import {NO_CHANGE} from "../../src/convscope/page/js/image/perturb.js";
import {rankedIndices, shownClasses, explainSoftmax} from "../../src/convscope/page/js/network/softmax.js";
import {shareAbove, shareBelow, oodScore} from "../../src/convscope/page/js/state/ood-score.js";
import {formatChange, parseChange} from "../../src/convscope/page/js/state/perturbation.js";
import {predictedName, predictionOf} from "../../src/convscope/page/js/state/prediction.js";
import {INITIAL_STATE, makeState} from "../../src/convscope/page/js/state/state.js";
import {contributionsOf, linkedTiles} from "../../src/convscope/page/js/views/layer-strip/links.js";
import {layOutBlocks, placeInBlock, stripLayers} from "../../src/convscope/page/js/views/layer-strip/layout.js";
import {makeInput, preprocessingFor} from "../../src/convscope/page/js/views/playground/input.js";
import {slidersFor, stretchesOf} from "../../src/convscope/page/js/views/playground/perturbation-sliders.js";
import {formatInk, parseInk} from "../../src/convscope/page/js/views/playground/stroke-encoding.js";
import {calibrationSentence, verdictOn} from "../../src/convscope/page/js/views/prediction/prediction.js";

const close = (actual, expected, tolerance = 1e-12) => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} ≠ ${expected}`);

test("the state tells what changed, and only then", () => {
  const told = [];
  const state = makeState({theme: "dark"});
  const end = state.subscribe((values, changed) => told.push([values.epoch, [...changed]]));
  state.set({theme: "dark"});
  state.set({epoch: 3, target: -1});
  end();
  state.set({epoch: 4});
  assert.deepEqual(told, [[3, ["epoch"]]]);
  assert.deepEqual(state.values, {...INITIAL_STATE, theme: "dark", epoch: 4});
  assert.throws(() => state.set({colour: "red"}), RangeError);
});

test("strokes are read back from the address", () => {
  const strokes = [
    {radius: 12, points: [{x: 0, y: 279}, {x: 5, y: -40}, {x: 4000, y: 3}]},
    {radius: 7.5, points: [{x: 140, y: 140}]},
  ];
  assert.deepEqual(parseInk(formatInk(strokes)), {base: "", strokes});
  assert.deepEqual(parseInk(formatInk(strokes, "test-7")), {base: "test-7", strokes});
  assert.deepEqual(parseInk(formatInk([])), {base: "", strokes: []});
  assert.match(formatInk(strokes, "test-7"), /^[\w.~-]*$/);
});

test("nonsense on the pad is not an error", () => {
  for (const text of ["~", "...", "a", "ÿ.b", "____________", "0", "o~~o"]) assert.deepEqual(parseInk(text).strokes, [], text);
});

test("a change is read back from the address, and nothing else is", () => {
  const change = {...NO_CHANGE, turn: -15, noise: 0.2, right: 2};
  assert.equal(formatChange(change), "right:2,turn:-15,noise:0.2");
  assert.deepEqual(parseChange(formatChange(change)), change);
  assert.deepEqual(parseChange("turn:NaN,scale:0,toString:1,:,noise:,thick:1e9"), {...NO_CHANGE});
  assert.deepEqual(parseChange(""), NO_CHANGE);
});

test("the temperature changes how sure an answer is, not which it is", () => {
  const logits = [2, 1, 0.1, -700];
  const sum = logits.reduce((total, logit) => total + Math.exp(logit / 2), 0);
  explainSoftmax(logits, 2).probabilities.forEach((share, place) => close(share, Math.exp(logits[place] / 2) / sum));
  assert.deepEqual(rankedIndices([0.1, 0.4, 0.1, 0.4]), [1, 3, 0, 2]);
});

test("of many classes the likeliest are shown, and what the others share", () => {
  const few = Float64Array.from({length: 12}, () => 1 / 12);
  assert.deepEqual(shownClasses(few, 12).places, [...few.keys()]);
  const many = Float64Array.from({length: 20}, (_, place) => (place === 13 ? 0.62 : 0.02));
  const {places, others, rest} = shownClasses(many, 10);
  assert.equal(places[0], 13);
  assert.equal(others, 10);
  close(rest, 0.2);
});

test("ten bars stay, whatever their classes' probabilities; of many classes the improbable are folded", () => {
  const probabilities = [0.0002, 0.9, 0.0005, 0.0993, 0];
  assert.deepEqual(shownClasses(probabilities, 12, 0.001), {places: [0, 1, 2, 3, 4], others: 0, rest: 0});
  const {places, others, rest} = shownClasses(probabilities, 4, 0.001);
  assert.deepEqual([places, others], [[1, 3], 3]);
  close(rest, 0.0007);
  assert.deepEqual(shownClasses([0.0005, 0.0004], 1, 0.001).places, [0]);
});

test("the OOD score is the distance to the nearest class mean after whitening", () => {
  const classes = {whitening: Float32Array.of(1, 0, 0, 2, 0.5, 0.5), means: Float32Array.of(3, 0, 1.2, 1.2)};
  const activations = Float32Array.of(2.4, 3.2, 0); // (1.2, 1.6, 0) after the division by the root of its length, 2
  close(oodScore(activations, classes), 2, 1e-6); // (1.2, 3.2) after whitening
  close(oodScore(activations.map((value) => 4 * value), classes), Math.hypot(1.2, 5.2), 1e-6);
  close(oodScore(new Float32Array(3), classes), Math.hypot(1.2, 1.2), 1e-6);
});

test("a distance is held against the percentiles", () => {
  const percentiles = Array.from({length: 101}, (_, place) => 2 * place);
  assert.equal(shareBelow(-1, percentiles), 0);
  close(shareBelow(99, percentiles), 0.495);
  assert.equal(shareBelow(200, percentiles), 1);
  assert.equal(shareAbove(3, [1, 2, 3, 4]), 0.25);
  assert.equal(shareAbove(9, [1, 2]), 0);
});

test("a high OOD score or low confidence brings a warning", () => {
  const verdict = (lessUnusual, moreConfident) => {
    const {level, words, numbers} = verdictOn({lessUnusual, moreConfident}, "validation");
    return {level, text: words, numbers};
  };
  assert.deepEqual(["in", "As close to the training images as most"], Object.values(verdict(0.4, 0.1)).slice(0, 2));
  assert.deepEqual(["unusual", "Farther from the training images than most"], Object.values(verdict(0.95, 0.1)).slice(0, 2));
  assert.match(verdict(0.95, 0.99).text, /^Unusual image, low confidence: a guess/);
  assert.equal(verdict(0.95, 0.99).level, "out");
  assert.equal(verdict(0.4, 0.99).text, "Low confidence: treat this as a guess");
  assert.match(verdict(null, null).text, /Not compared with the training images/);
  assert.match(verdict(null, null).numbers, /^The distance to the training images was not measured/);
  const {level, text, numbers} = verdict(1, null);
  assert.equal(level, "out");
  assert.match(text, /^Unlike the images it was trained on/);
  assert.equal(numbers, "Farther from the training images than all validation images.");
  assert.doesNotMatch(verdict(0.99999, null).numbers, /100/);
});

test("an empty pad has no answer", () => {
  const live = (...pixels) => ({
    open: {source: "drawing", original: pixels, pixels},
    run: {probabilities: [0.2, 0.8]},
    names: ["cat", "dog"],
    shape: {height: 2, width: 2, channels: 1},
  });
  const drawn = live(0, 0, 0.5, 0);
  assert.equal(predictedName(live(0, 0, 0, 0)), "");
  assert.equal(predictedName(drawn), "dog");
  assert.equal(predictedName({...drawn, run: null}), "");
});

test("a blank picture has no answer, and an image of the set always has one", () => {
  const session = {run: {probabilities: [0.2, 0.8]}, names: ["cat", "dog"], shape: {height: 2, width: 1, channels: 3}};
  const named = (source, original, pixels = original) => predictedName({...session, open: {source, original, pixels}});
  const [red, nearlyRed, flag] = [[1, 0, 0, 1, 0, 0], [1, 0.05, 0, 0.96, 0, 0.02], [1, 0, 0, 1, 0.5, 0]];
  for (const blank of [red, nearlyRed]) assert.equal(named("picture", blank), "");
  assert.equal(named("picture", flag), "dog");
  assert.equal(named("picture", flag, red), "");
  assert.equal(named("test", red), "dog");
  assert.equal(named("test", flag, red), "");
});

test("the text says what the probabilities are", () => {
  const helps = {temperature: 0.63, temperature_scaling: {}};
  assert.equal(calibrationSentence(0.63, helps, 0), "Calibrated with temperature 0.63");
  assert.match(calibrationSentence(1, helps, 3), /^Softmax output of epoch 3/);
  assert.equal(calibrationSentence(1, {temperature: null, temperature_scaling: {}}, 0), "Softmax output; calibration is not shown to help");
  assert.match(calibrationSentence(1, undefined, 0), /no temperature was fitted$/);
});

const TEST_SET = {
  count: 4, indices: Uint32Array.of(2, 5, 9, 11), labels: Uint16Array.of(0, 1, 0, 1), predictions: Uint16Array.of(1, 1, 1, 0),
  confidence: Float32Array.of(0.6, 0.9, 0.99, 0.7),
};

test("images are stepped through, and found by number", () => {
  const live = (open) => ({open, images: {test: TEST_SET, reference: null}});
  assert.equal(neighbourName(live({source: "test", row: 3}), 1), "test-2");
  assert.equal(neighbourName(live({source: "test", row: 0}), -1), "test-11");
  assert.equal(neighbourName(live({source: "drawing", row: null}), 1), "test-2");
  assert.equal(neighbourName({...live({source: "test", row: 0}), images: {test: null, reference: null}}, 1), null);
  assert.equal(testNameNear(TEST_SET, 6), "test-9");
  assert.equal(testNameNear(TEST_SET, 99), "test-11");
  assert.deepEqual(mistakeNames(TEST_SET), ["test-9", "test-11", "test-2"]);
  assert.equal(imageTitle({source: "test", index: 1234}), "Test image 1,234");
  assert.equal(imageTitle({source: "picture", index: null, file: "seven.png"}), "seven.png");
});

const DIGITS = {digits: {digit_size_fraction: 20 / 28, centre: true}, polarity: null};
const NO_DIGITS = {digits: null, polarity: null};

test("the making follows what the images are like", () => {
  const {way, padHeight, settings} = preprocessingFor({image_shape: [28, 28, 1]}, {digits: {digit_size_fraction: 0.7, centre: false}, polarity: null});
  assert.deepEqual([way, padHeight, settings.boxShare, settings.centre], ["digit", 280, 0.7, false]);
  assert.equal(preprocessingFor({image_shape: [28, 28, 1]}, NO_DIGITS).way, "plain");
  assert.equal(preprocessingFor({image_shape: [32, 32, 3]}, NO_DIGITS).way, "colour");
  const small = preprocessingFor({image_shape: [12, 20, 1]}, NO_DIGITS);
  assert.deepEqual([small.padHeight, small.padWidth], [168, 280]);
});

function makePretendLive() {
  let listener;
  const open = (next) => {
    live.open = next;
    listener(live, new Set(["open"]));
    return true;
  };
  const live = {
    open: {source: "test", name: "test-2"},
    state: {ink: "", image: ""},
    payload: {dataset: {image_shape: [28, 28, 1]}},
    shape: {height: 28, width: 28, channels: 1},
    opened: [],
    set: (changes) => Object.assign(live.state, changes),
    subscribe: (added) => (listener = added),
    openImage: (name) => Boolean(live.opened.push(name)) && open({source: "test", name}),
    openPixels: (pixels, source) => open({source, name: source, pixels}),
    pixelsOf: (name) => (name === "test-2" ? new Float32Array(784).fill(0.2) : null),
  };
  return live;
}

test("a drawing is taken back stroke by stroke, down to the image before it", () => {
  const live = makePretendLive();
  const hand = makeInput(live, preprocessingFor({image_shape: [28, 28, 1]}, DIGITS));
  const draw = (x) => {
    hand.begin({x, y: 60}, 12);
    for (let y = 60; y <= 200; y += 10) hand.extend({x, y});
    hand.show();
    hand.keep();
  };
  draw(100);
  const one = live.state.ink;
  draw(200);
  assert.notEqual(live.state.ink, one);
  hand.undo();
  assert.equal(live.state.ink, one);
  hand.clear();
  assert.ok(live.open.pixels.every((level) => level === 0));
  hand.undo();
  assert.equal(live.state.ink, one);
  hand.undo();
  assert.deepEqual(live.opened, ["test-2"]);
  assert.equal(hand.undo(), false);
});

test("a drawing that an image took the place of is back in one step, then goes stroke by stroke", () => {
  for (const leave of [(live) => live.openImage("test-2"), (_, hand) => hand.putPicture({height: 28, width: 28, data: new Uint8ClampedArray(4 * 28 * 28).fill(9)}, "seven.png")]) {
    const live = makePretendLive();
    const hand = makeInput(live, preprocessingFor({image_shape: [28, 28, 1]}, DIGITS));
    const texts = [100, 200].map((x) => {
      hand.begin({x, y: 60}, 12);
      hand.extend({x, y: 200});
      hand.show();
      hand.keep();
      return live.state.ink;
    });
    leave(live, hand);
    assert.notEqual(live.open.source, "drawing");
    for (const text of texts.toReversed()) {
      assert.ok(hand.undo());
      assert.deepEqual([live.open.source, live.state.ink], ["drawing", text]);
    }
    hand.undo();
    assert.equal(live.open.name, "test-2");
    assert.equal(hand.undo(), false);
  }
});

test("a drawing comes back from its text, also one on top of an image", () => {
  const live = makePretendLive();
  const making = preprocessingFor({image_shape: [28, 28, 1]}, DIGITS);
  const hand = makeInput(live, making);
  hand.addsToImage = true;
  hand.begin({x: 20, y: 20}, 12);
  hand.extend({x: 200, y: 210});
  hand.show();
  hand.keep();
  assert.match(live.state.ink, /^test-2~/);
  const other = makeInput(makePretendLive(), making);
  other.restore(live.state.ink);
  assert.deepEqual(other.ink.pixels, hand.ink.pixels);
  assert.deepEqual(other.prepared.pixels, hand.prepared.pixels);
});

test("a sweep is told in stretches", () => {
  assert.deepEqual(stretchesOf([7, 7, 2, 7]), [
    {answer: 7, from: 0, to: 0.5}, {answer: 2, from: 0.5, to: 0.75}, {answer: 7, from: 0.75, to: 1},
  ]);
  assert.ok(slidersFor({height: 28, width: 28, channels: 1}).some(({key}) => key === "thick"));
  assert.ok(!slidersFor({height: 32, width: 32, channels: 3}).some(({key}) => key === "thick"));
});

const LAYERS = [["Conv2D", [26, 26, 16]], ["MaxPooling2D", [13, 13, 16]], ["Flatten", [2704]], ["Dense", [128]], ["Dense", [10]]];
const NETWORK = {inputShape: [28, 28, 1], layers: LAYERS.map(([kind, outputShape], place) => ({name: `${kind}-${place}`, kind, outputShape, problem: null}))};

test("the river has a block for every layer that computes, and names those that do not", () => {
  const layers = stripLayers(NETWORK);
  assert.deepEqual(layers.map(({kind}) => kind), ["Input", "Conv2D", "MaxPooling2D", "Dense"]);
  assert.deepEqual(layers[3].passes, ["Flatten-2"]);
  const stopped = {...NETWORK, layers: NETWORK.layers.map((layer, place) => (place === 1 ? {...layer, problem: "is odd"} : layer))};
  assert.deepEqual(stripLayers(stopped).map(({kind}) => kind), ["Input", "Conv2D"]);
  const logistic = {inputShape: [8, 8, 1], layers: [NETWORK.layers[2], {...NETWORK.layers[4], outputShape: [10]}]};
  assert.deepEqual(stripLayers(logistic)[1].shape, [8, 8, 10]);
});

test("the river fits, with pictures at whole multiples", () => {
  for (const width of [500, 656, 900, 1200]) {
    const {blocks, perLine} = layOutBlocks(stripLayers(NETWORK), {width, height: 440, between: 16, narrowest: 68});
    assert.equal(perLine, blocks.length);
    const needed = blocks.reduce((sum, block) => sum + Math.max(68, block.width), 16 * (blocks.length - 1));
    assert.ok(needed <= width, `${needed} > ${width}`);
    for (const block of blocks) {
      assert.ok(block.height <= 440 && Number.isInteger(block.scale), JSON.stringify(block));
      assert.equal(Math.ceil(block.count / block.perLine), Math.round((block.height + block.gap) / (block.rows + block.gap)));
    }
  }
});

test("where the blocks do not fit one line they take more, and never a wider one", () => {
  const many = Array.from({length: 16}, (_, place) => ({name: `c${place}`, kind: "Conv2D", shape: [28 - place, 28 - place, 8 << (place / 4)], passes: []}));
  const layers = [{name: "", kind: "Input", shape: [28, 28, 1], passes: []}, ...many];
  for (const width of [296, 328, 440, 700, 1300]) {
    const {blocks, perLine} = layOutBlocks(layers, {width, height: 256, between: 16, narrowest: 68, head: 84});
    const columns = Array.from({length: perLine}, (_, column) => Math.max(68, ...blocks.filter((_block, place) => place % perLine === column).map((block) => block.width)));
    const needed = columns.reduce((sum, each) => sum + each, 16 * (perLine - 1));
    assert.ok(needed <= width, `${needed} > ${width}`);
  }
});

test("what is pointed at lights what it reads and what reads it", () => {
  const shaped = (kind, name, inputShape, outputShape) => ({kind, name, inputShape, outputShape});
  const layers = [
    shaped("Conv2D", "conv", [28, 28, 1], [26, 26, 4]), shaped("MaxPooling2D", "pool", [26, 26, 4], [13, 13, 4]),
    shaped("Conv2D", "second", [13, 13, 4], [11, 11, 8]), shaped("Dense", "dense", [968], [5]),
  ];
  const blocks = [{layer: {name: ""}, count: 1}, ...layers.map(({name, outputShape}) => ({layer: {name}, count: outputShape.at(-1)}))];
  const lit = (at, tile) => linkedTiles({layers}, blocks, at, tile).map((isLit, place) => [...Array(blocks[place].count).keys()].filter(isLit));
  assert.deepEqual(lit(2, 3), [[0], [3], [3], [0, 1, 2, 3, 4, 5, 6, 7], []]);
  assert.deepEqual(lit(1, 2), [[0], [2], [2], [], []]);
  assert.deepEqual(lit(4, 1), [[0], [], [], [0, 1, 2, 3, 4, 5, 6, 7], [1]]);
});

test("a tile says for a class what its activations times the weights add up to", () => {
  const dense = {kind: "Dense", outputShape: [3], weights: {kernel: Float32Array.from({length: 12}, (_, place) => place)}};
  const maps = contributionsOf({layers: [dense]}, {layer: {kind: "Conv2D"}, count: 2}, Float32Array.of(1, 2, 3, 4));
  assert.equal(maps(0, 1), 1 * 1 + 3 * 7);
  assert.equal(maps(1, 2), 2 * 5 + 4 * 11);
  const softmax = {kind: "Activation", outputShape: [2], weights: {}};
  const alone = contributionsOf({layers: [softmax]}, {layer: {kind: "Dense"}, count: 2}, Float32Array.of(5, -1));
  assert.deepEqual([alone(0, 0), alone(0, 1), alone(1, 1)], [5, 0, -1]);
  assert.equal(contributionsOf({layers: [dense]}, {layer: {kind: "Dense"}, count: 2}, Float32Array.of(5, -1)), null);
});

test("in a low window the river is drawn smaller rather than cut off", () => {
  for (const height of [330, 380]) {
    const {blocks} = layOutBlocks(stripLayers(NETWORK), {width: 656, height, between: 16, narrowest: 68});
    const needed = blocks.reduce((sum, block) => sum + Math.max(68, block.width), 16 * (blocks.length - 1));
    assert.ok(needed <= 656 && blocks.every((block) => block.height <= height && Number.isInteger(block.scale)));
  }
});

test("a link to a missing image gets a sentence", () => {
  const open = {name: "test-0", source: "test", index: 0};
  const sentence = (image) => missingImageSentence({open, state: {image}});
  assert.match(sentence("picture"), /an image file, .* Shown instead: Test image 0\./);
  assert.match(sentence("test-99999"), /test image 99,999, which is not in this file/);
  assert.match(sentence("train-5"), /training image 5/);
  assert.match(sentence("drawing"), /needs a network/);
  assert.equal(sentence(""), "");
  assert.equal(sentence("test-0"), "");
});

test("a place in the river is a unit, and a gap is none", () => {
  const block = {count: 5, rows: 26, columns: 52, scale: 2, perLine: 2, gap: 3, width: 107, height: 84};
  assert.deepEqual(placeInBlock(block, 0, 0), {tile: 0, row: 0, column: 0});
  assert.deepEqual(placeInBlock(block, 55 + 11, 29 + 5), {tile: 3, row: 2, column: 5});
  assert.equal(placeInBlock(block, 53, 5), null);
  assert.equal(placeInBlock(block, 60, 60), null);
  assert.equal(placeInBlock(block, -1, 5), null);
});
