import assert from "node:assert/strict";
import test from "node:test";
import {dropPerPixel, overChannels, paintAttribution, patchFor, sumOfValues} from "../../src/convscope/page/js/attribution/maps.js";
import {formatSummand, decimalsFor, formatDecimals} from "../../src/convscope/page/js/dom/format.js";
import {rangesOfLayers, signedLayers} from "../../src/convscope/page/js/dom/signed-layers.js";
import {layOutTiles, paintTiles, perLineOfBlock, placeUnder, tileCorner} from "../../src/convscope/page/js/dom/tiles.js";
import {makeNetwork, runNetwork} from "../../src/convscope/page/js/network/network.js";
import {strongestPlace} from "../../src/convscope/page/js/network/shape.js";
import {largestOf} from "../../src/convscope/page/js/network/softmax.js";
import {boxInWords, unitReceptiveField, sourceOfLayer} from "../../src/convscope/page/js/network/receptive-field.js";
import {largestFirst} from "../../src/convscope/page/js/views/inspector/arithmetic-lines.js";
import {layOutWeights, weightTilesOf, weightsOfOutput, weightsOfPicture} from "../../src/convscope/page/js/views/inspector/kernel-tiles.js";
import {placeAfter, placeBehind, placeInWords, readPlace, writePlace} from "../../src/convscope/page/js/views/inspector/selected-unit.js";
import {crossCorrelation, strokeAnswers, strokeImage} from "../../src/convscope/page/js/views/inspector/kernel-question.js";
import {orderOfUnits} from "../../src/convscope/page/js/views/inspector/layer-view.js";

/** A grey ramp with which colours are easy to name. */
const RAMP = Uint8Array.from({length: 1024}, (_, byte) => (byte % 4 === 3 ? 255 : byte >> 2));

/** 6 × 7 → conv 3 × 3 (2) → batch normalisation → ReLU → pool 2 → flatten → dense 3 with softmax. */
function smallNetwork() {
  const weights = {};
  const layer = (name, kind, settings, inputShape, outputShape, sizes) => {
    for (const [weight, size] of Object.entries(sizes)) {
      weights[`${name}/${weight}`] = Float32Array.from({length: size}, (_, place) => Math.sin(place + name.length) + (weight === "moving_variance" ? 2 : 0));
    }
    return {name, kind, settings, input_shape: inputShape, output_shape: outputShape, weights: Object.keys(sizes)};
  };
  const layers = [
    layer("conv", "Conv2D", {kernel_size: [3, 3], strides: [1, 1], padding: "valid"}, [6, 7, 1], [4, 5, 2], {kernel: 18, bias: 2}),
    layer("norm", "BatchNormalization", {axis: -1, epsilon: 0.001}, [4, 5, 2], [4, 5, 2], {gamma: 2, beta: 2, moving_mean: 2, moving_variance: 2}),
    layer("relu", "ReLU", {}, [4, 5, 2], [4, 5, 2], {}),
    layer("pool", "MaxPooling2D", {pool_size: [2, 2], strides: [2, 2], padding: "valid"}, [4, 5, 2], [2, 2, 2], {}),
    layer("flat", "Flatten", {}, [2, 2, 2], [8], {}),
    layer("dense", "Dense", {activation: "softmax"}, [8], [3], {kernel: 24, bias: 3}),
  ];
  return makeNetwork({name: "small", input_shape: [6, 7, 1], layers}, weights);
}

test("tiles fill their lines evenly, with a full rectangle if that costs little", () => {
  assert.equal(layOutTiles({count: 16, rows: 26, columns: 26}, 9 * 27).perLine, 8);
  assert.equal(layOutTiles({count: 16, rows: 26, columns: 26}, 7 * 27).perLine, 4);
  assert.equal(layOutTiles({count: 7, rows: 1, columns: 1}, 5, 0).perLine, 4);
  assert.equal(layOutTiles({count: 1, rows: 5, columns: 500}, 10).perLine, 1);
  const {width, height} = layOutTiles({count: 6, rows: 2, columns: 3}, 7);
  assert.deepEqual([width, height], [7, 8]);
});

test("every place of every tile is found where it was painted", () => {
  const layout = layOutTiles({count: 5, rows: 2, columns: 3}, 12);
  const data = Float32Array.from({length: 30}, (_, place) => place);
  const target = new Uint8ClampedArray(4 * layout.width * layout.height);
  paintTiles(data, layout, () => ({minimum: 0, maximum: 256, table: RAMP}), target);
  let found = 0;
  for (let y = 0; y < layout.height; y++) {
    for (let x = 0; x < layout.width; x++) {
      const place = placeUnder(layout, x + 0.5, y + 0.5);
      const [level, , , opacity] = target.subarray(4 * (y * layout.width + x));
      assert.equal(opacity, place ? 255 : 0);
      if (!place) continue;
      assert.equal(level, (place.row * 3 + place.column) * 5 + place.tile);
      const {left, top} = tileCorner(layout, place.tile);
      assert.deepEqual([left + place.column, top + place.row], [x, y]);
      found++;
    }
  }
  assert.equal(found, 30);
  for (const [x, y] of [[-1, 0], [0, -1], [layout.width, 0], [0, layout.height], [NaN, 0]]) assert.equal(placeUnder(layout, x, y), null);
});

test("what is no number stays as it was, and what lies outside gets the colour of the end", () => {
  const target = new Uint8ClampedArray(16).fill(7);
  paintTiles([NaN, -5, 0.5, 9], layOutTiles({count: 4, rows: 1, columns: 1}, 4, 0), () => ({minimum: 0, maximum: 1, table: RAMP}), target);
  assert.deepEqual([...target].filter((_, byte) => byte % 4 === 0), [7, 0, 128, 255]);
});

test("each tile may have a scale of its own", () => {
  const target = new Uint8ClampedArray(8);
  paintTiles([1, 1], layOutTiles({count: 2, rows: 1, columns: 1}, 2, 0), (tile) => ({minimum: 0, maximum: tile + 1, table: RAMP}), target);
  assert.deepEqual([target[0], target[4]], [255, 128]);
});

test("a block is full if there is a full one", () => {
  assert.deepEqual([800, 128, 32, 64, 10, 13].map(perLineOfBlock), [32, 16, 8, 8, 5, 4]);
});

test("a place is read as it is written, and nonsense is no place", () => {
  assert.deepEqual(readPlace("4.5.7", [11, 11, 32]), [4, 5, 7]);
  assert.equal(readPlace(writePlace([4, 5, 7]), [11, 11, 7]), null);
  for (const text of ["", "4", "4.5", "4.5.7.8", "a.b.c", "-1.2.3", "1e1.2.3", "4..7"]) assert.equal(readPlace(text, [11, 11, 32]), null);
  assert.deepEqual(readPlace("99", [128]), [99]);
});

test("arrow keys walk over a picture, page keys over its channels, and no key leaves it", () => {
  const shape = [3, 4, 2];
  assert.deepEqual(placeAfter(shape, [1, 1, 0], "ArrowUp"), [0, 1, 0]);
  assert.deepEqual(placeAfter(shape, [1, 1, 0], "ArrowRight"), [1, 2, 0]);
  assert.deepEqual(placeAfter(shape, [1, 1, 0], "PageDown"), [1, 1, 1]);
  assert.deepEqual(placeAfter(shape, [1, 1, 1], "End"), [2, 3, 1]);
  assert.deepEqual(placeAfter(shape, [1, 1, 1], "Home"), [0, 0, 1]);
  assert.deepEqual(placeAfter(shape, [0, 1, 1], "ArrowUp"), [0, 1, 1]);
  assert.deepEqual(placeAfter(shape, [0, 1, 1], "PageDown"), [0, 1, 1]);
  assert.equal(placeAfter(shape, [0, 1, 1], "x"), null);
});

test("in a layer that is no picture the arrow keys walk over its lines", () => {
  assert.deepEqual(placeAfter([10], [3], "ArrowRight", 4), [4]);
  assert.deepEqual(placeAfter([10], [3], "ArrowDown", 4), [7]);
  assert.deepEqual(placeAfter([10], [7], "ArrowDown", 4), [7]);
  assert.deepEqual(placeAfter([10], [3], "End", 4), [9]);
});

test("the walk comes past every unit of its channel once", () => {
  let place = [0, 0, 1];
  const seen = [];
  for (; place; place = placeBehind([3, 4, 2], place)) seen.push(writePlace(place));
  assert.equal(new Set(seen).size, 12);
  assert.equal(seen.at(-1), "2.3.1");
  assert.equal(placeBehind([3], [2]), null);
});

test("the strongest unit is that of the greatest number", () => {
  assert.deepEqual(strongestPlace({shape: [2, 2, 2], data: [0, 1, 2, 9, 3, 4, 5, 6]}), [0, 1, 1]);
  assert.deepEqual(strongestPlace({shape: [2, 2, 2], data: [0, 1, 2, 9, 3, 4, 5, 6]}, 0), [1, 1, 0]);
  assert.deepEqual(strongestPlace({shape: [4], data: [3, 1, 2, 0]}, 2), [2]);
});

test("places are told in words, an only channel is not", () => {
  assert.equal(placeInWords([1, 2, 3], [9, 9, 9]), "channel 3, row 1, column 2");
  assert.equal(placeInWords([1, 2, 0], [9, 9, 1]), "row 1, column 2");
  assert.equal(placeInWords([7], [10]), "unit 7");
});

test("a unit's reach: the image through all layers, the layer before through one, and which channel of it", () => {
  const network = smallNetwork();
  assert.deepEqual(unitReceptiveField(network, 0, [1, 2, 0]), {image: {top: 1, left: 2, bottom: 3, right: 4}, before: null, channel: -1});
  assert.deepEqual(unitReceptiveField(network, 1, [1, 2, 1]).channel, 1);
  const pooled = unitReceptiveField(network, 3, [1, 0, 1]);
  assert.deepEqual(pooled, {image: {top: 2, left: 0, bottom: 5, right: 3}, before: {top: 2, left: 0, bottom: 3, right: 1}, channel: 1});
  const copied = unitReceptiveField(network, 4, [5]); // row 1, column 0, channel 1
  assert.deepEqual([copied.image, copied.before, copied.channel], [pooled.image, {top: 1, left: 0, bottom: 1, right: 0}, 1]);
  assert.deepEqual(unitReceptiveField(network, 5, [0]).before, null);
});

test("behind layers that copy stands the one that is read", () => {
  const network = smallNetwork();
  assert.deepEqual(sourceOfLayer(network, 5), {index: 3, shape: [2, 2, 2]});
  assert.deepEqual(sourceOfLayer(network, 3), {index: 2, shape: [4, 5, 2]}); // a ReLU does not only copy
  assert.deepEqual(sourceOfLayer(network, 0), {index: -1, shape: [6, 7, 1]});
});

test("boxes are told in words", () => {
  assert.equal(boxInWords({top: 8, left: 10, bottom: 15, right: 10}), "rows 8 to 15, column 10");
  assert.equal(boxInWords({top: 0, left: 0, bottom: -1, right: -1}), "no pixel");
});

test("which numbers have a sign is told by the layers, not by one image", () => {
  assert.deepEqual(signedLayers(smallNetwork()), [true, true, false, false, false, false]);
});

test("colours start at zero where nothing is negative, and are even about it elsewhere", () => {
  const network = smallNetwork();
  const run = runNetwork(network, Float32Array.from({length: 42}, (_, place) => place / 42));
  const ranges = rangesOfLayers(network, run, signedLayers(network), "layer");
  assert.equal(ranges.conv.length, 2);
  assert.equal(ranges.conv[0].minimum, -ranges.conv[0].maximum);
  for (const name of ["relu", "pool", "flat", "dense"]) assert.equal(ranges[name][0].minimum, 0);
  assert.equal(ranges.flat.length, 1);
  assert.equal(ranges.dense[0].maximum, Math.max(...run.activations.dense.data));
  const all = rangesOfLayers(network, run, signedLayers(network), "all");
  assert.deepEqual(all.conv[0], all.norm[1]);
  assert.deepEqual(all.relu[0], all.dense[0]);
});

test("numbers of an account have as many decimals as their largest needs for four digits", () => {
  assert.deepEqual([[0.01234], [1.2, 0.001], [12], [123456], [], [0], [NaN, 3]].map(decimalsFor), [5, 3, 2, 0, 3, 3, 3]);
  assert.equal(formatDecimals(-0.00001, 3), "0.000");
  assert.equal(formatDecimals(-1.25, 1), "−1.3");
  assert.equal(formatSummand(-0.5, 2), "− 0.50");
  assert.equal(formatSummand(0.5, 2), "+ 0.50");
  assert.equal(formatDecimals(-Infinity, 2), "−∞");
});

test("what is shown and the rest add up to the whole", () => {
  const parts = [3, -9, 1, 5, -2];
  const {shown, hidden, rest} = largestFirst(parts, (part) => part, 2);
  assert.deepEqual([shown, hidden, rest], [[-9, 5], 3, 2]);
  assert.deepEqual(largestFirst(parts, (part) => part, Infinity, false), {shown: parts, hidden: 0, rest: 0});
});

test("the weights of a unit are a picture for each channel, or a block where what is read is no picture", () => {
  const network = smallNetwork();
  const tiles = weightTilesOf(network, 0);
  assert.deepEqual([tiles.outputs, tiles.stack, tiles.rows, tiles.columns, tiles.isWindow], [2, 1, 3, 3, true]);
  const dense = weightTilesOf(network, 5);
  assert.deepEqual([dense.outputs, dense.stack, dense.rows, dense.columns], [3, 2, 2, 2]);
  const {kernel} = network.layers[5].weights;
  for (let output = 0; output < 3; output++) {
    const own = weightsOfOutput(dense, kernel, output);
    for (let channel = 0; channel < 2; channel++) {
      const picture = [];
      for (let pixel = 0; pixel < 4; pixel++) {
        picture.push(kernel[(pixel * 2 + channel) * 3 + output]);
        assert.equal(own[pixel * 2 + channel], picture.at(-1));
      }
      assert.deepEqual(weightsOfPicture(dense, kernel, output, channel), picture);
    }
  }
  assert.deepEqual([layOutWeights(dense).count, layOutWeights(dense).width, layOutWeights(dense).height], [2, 5, 2]);
  assert.deepEqual([layOutWeights({stack: 1, rows: 1, columns: 64}).width, layOutWeights({stack: 1, rows: 1, columns: 64}).height], [8, 8]);
  assert.equal(weightTilesOf(network, 3), null);
});

test("units are ordered by magnitude, or by what they contribute", () => {
  assert.deepEqual(orderOfUnits([1, -3, 2], null), [1, 2, 0]);
  assert.deepEqual(orderOfUnits([1, -3, 2], [9, 0, -1]), [0, 2, 1]);
});

test("of three answers one is what the kernel makes of a stroke, and the others are not", () => {
  const tiles = {outputs: 4, stack: 1, rows: 3, columns: 3, isWindow: true};
  const shapes = [[-1, 0, 1, -1, 0, 1, -1, 0, 1], [1, 0, -1, 1, 0, -1, 1, 0, -1], [1, 1, 1, 0, 0, 0, -1, -1, -1], [-1, 0, 1, -1, 0, 1, -1, 0, 1.01]];
  const kernel = Float32Array.from({length: 36}, (_, place) => shapes[place % 4][Math.floor(place / 4)]);
  for (let output = 0; output < 4; output++) {
    const {answers, right, where} = strokeAnswers(tiles, kernel, output, 0);
    const expected = crossCorrelation(strokeImage(tiles), weightsOfPicture(tiles, kernel, output, 0), tiles);
    assert.deepEqual(answers[right].values, expected.values);
    answers.forEach(({values}, place) => place !== right && assert.notDeepEqual(values, expected.values));
    if (output < 2) assert.equal(where, `it responds most along the ${["left", "right"][output]} side of the stroke`);
  }
  const alone = strokeAnswers({outputs: 1, stack: 1, rows: 3, columns: 3}, Float32Array.from(shapes[0]), 0, 0);
  assert.equal(alone.answers.length, 3);
});

test("the question tells where the strongest response is", () => {
  const told = (side, ...weights) => strokeAnswers({outputs: 1, stack: 1, rows: side, columns: side, isWindow: true}, Float32Array.from(weights), 0, 0).where;
  assert.equal(told(3, -1, 0, 1, -2, 0, 2, -1, 0, 1), "it responds most along the left side of the stroke");
  assert.equal(told(3, 1, 0, -1, 2, 0, -2, 1, 0, -1), "it responds most along the right side of the stroke");
  assert.equal(told(3, -1, -2, -1, 0, 0, 0, 1, 2, 1), "it responds most at the top end of the stroke");
  assert.equal(told(3, 1, 2, 1, 0, 0, 0, -1, -2, -1), "it responds most at the bottom end of the stroke");
  assert.equal(told(3, 0, 1, 2, -1, 0, 1, -2, -1, 0), "it responds most at the bottom end of the stroke, and also along the left side of the stroke");
  assert.equal(told(3, 0, -1, 0, -1, 4, -1, 0, -1, 0), "it responds most at both ends of the stroke, and also on the stroke");
  assert.equal(told(3, -1, -1, -1, 2, 2, 2, -1, -1, -1), "it responds most at both ends of the stroke");
  assert.equal(told(3, 1, -2, 1, 1, -2, 1, 1, -2, 1), "it responds most along both sides of the stroke");
  assert.equal(told(2, 1, 1, 1, 1), "it responds most on the stroke");
  assert.equal(told(3, -1, -1, -1, -1, -1, -1, -1, -1, -1), "nowhere does it respond positively");
});

test("evidence shows the image through its colours", () => {
  const [light, dark] = [new Uint8ClampedArray(8), new Uint8ClampedArray(8)];
  const scale = {minimum: -1, maximum: 1, table: RAMP};
  paintAttribution([0, 0], scale, [0, 1], {isDark: false, isTurned: true}, light);
  paintAttribution([0, 0], scale, [0, 1], {isDark: true, isTurned: false}, dark);
  assert.equal(light[0], 128);
  assert.ok(light[4] < 128, "ink darkens a light page");
  assert.equal(dark[0], 128);
  assert.ok(dark[4] > 128, "light lights up a dark one");
});

test("what all channels of a pixel do is added up, and squares are laid out as pixels", () => {
  assert.deepEqual([...overChannels([1, 2, 3, 4, 5, -9], 3)], [6, 0]);
  assert.deepEqual([...dropPerPixel({columns: 2, drop: [1, 2, 3, 4]}, 2, [3, 3])], [1, 1, 2, 1, 1, 2, 3, 3, 4]);
  assert.deepEqual([patchFor(28, 28), patchFor(8, 8), patchFor(32, 64)], [{size: 4, stride: 2}, {size: 2, stride: 1}, {size: 6, stride: 3}]);
  assert.equal(sumOfValues([1, 2, 3]), 6);
  assert.equal(largestOf([1, 7, 3, 7]), 1);
});
