import assert from "node:assert/strict";
import test from "node:test";
import {ATTRIBUTION_METHODS} from "../../src/convscope/page/js/attribution/compute.js";
import {gradientTimesInput, inputGradient, integratedGradients} from "../../src/convscope/page/js/network/gradient.js";
import {makeNetwork, makeWorkspace, runNetwork} from "../../src/convscope/page/js/network/network.js";
import {occlusionMaps} from "../../src/convscope/page/js/network/occlusion.js";
import {unusedPixels, receptiveField} from "../../src/convscope/page/js/network/receptive-field.js";
import {explainUnit} from "../../src/convscope/page/js/network/unit-arithmetic.js";

/** All that a generator yields, and what it returns. */
function finished(generator) {
  const shares = [];
  for (;;) {
    const {done, value} = generator.next();
    if (done) return {shares, result: value};
    shares.push(value);
  }
}

/** A 5 × 6 picture, two filters of 2 × 2, a pooling that drops a column, three classes; weights are a fixed mixture. */
function smallNetwork(activation = "tanh", extra = []) {
  const layers = [
    {name: "conv", kind: "Conv2D", settings: {kernel_size: [2, 2], strides: [1, 1], padding: "valid", activation},
      input_shape: [5, 6, 1], output_shape: [4, 5, 2], weights: ["kernel", "bias"]},
    {name: "pool", kind: "AveragePooling2D", settings: {pool_size: [2, 2], strides: [2, 2], padding: "valid"},
      input_shape: [4, 5, 2], output_shape: [2, 2, 2], weights: []},
    ...extra,
    {name: "flatten", kind: "Flatten", settings: {}, input_shape: [2, 2, 2], output_shape: [8], weights: []},
    {name: "dense", kind: "Dense", settings: {activation: "softmax"},
      input_shape: [8], output_shape: [3], weights: ["kernel", "bias"]},
  ];
  return makeNetwork({name: "small", input_shape: [5, 6, 1], layers}, {
    "conv/kernel": mixture(8, 1), "conv/bias": mixture(2, 2), "dense/kernel": mixture(24, 3), "dense/bias": mixture(3, 4),
  });
}

function mixture(length, seed) {
  return Float32Array.from({length}, (_, index) => Math.sin(seed * 12.9898 + index * 78.233) * 1.5);
}

const PIXELS = Array.from(mixture(30, 9), Math.abs);

test("the gradient is what finite differences find", () => {
  for (const activation of ["tanh", "sigmoid", "gelu", "silu", "softplus", "elu", "selu", "softmax"]) {
    const network = smallNetwork(activation);
    const gradient = inputGradient(network, PIXELS, runNetwork(network, PIXELS), 1);
    const step = 1e-2;
    const logitAt = (index, by) => runNetwork(network, PIXELS.with(index, PIXELS[index] + by)).logits[1];
    PIXELS.forEach((_, index) => {
      const difference = (logitAt(index, step) - logitAt(index, -step)) / (2 * step);
      assert.ok(Math.abs(gradient[index] - difference) < 1e-3, `${activation} ${index}: ${gradient[index]} ${difference}`);
    });
  }
});

test("of a network without bends, gradient times input and the biases add up to the logit", () => {
  const network = smallNetwork("linear");
  const run = runNetwork(network, PIXELS);
  const dark = runNetwork(network, PIXELS.map(() => 0));
  const total = gradientTimesInput(network, PIXELS, run, 2).reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(total + dark.logits[2] - run.logits[2]) < 1e-5);
});

test("integrated gradients add up to the difference of each class's logits", () => {
  const network = smallNetwork();
  const [here, there] = [PIXELS, PIXELS.map(() => 0.25)].map((pixels) => [...runNetwork(network, pixels).logits]);
  const {shares, result} = finished(integratedGradients(network, PIXELS, [2, 0], {steps: 64, baseline: 0.25}));
  assert.deepEqual([shares.length, shares.at(-1)], [64, 1]);
  [2, 0].forEach((label, place) => {
    assert.ok(Math.abs(result[place].reduce((a, b) => a + b, 0) - (here[label] - there[label])) < 1e-3);
  });
});

test("the words say that the steps leave a part of the difference out, as they do", () => {
  const network = smallNetwork("relu");
  const [here, there] = [PIXELS, PIXELS.map(() => 0)].map((pixels) => runNetwork(network, pixels).logits[2]);
  const remainder = (options) => {
    const [values] = finished(integratedGradients(network, PIXELS, [2], options)).result;
    return Math.abs(values.reduce((a, b) => a + b, 0) - (here - there)) / Math.abs(here - there);
  };
  const ofThePage = remainder();
  assert.ok(ofThePage > 1e-4 && ofThePage < 0.05, `${ofThePage} of the difference`);
  assert.ok(remainder({steps: 4}) > 2 * ofThePage);
  assert.ok(remainder({steps: 1024}) < ofThePage / 4);
  assert.match(ATTRIBUTION_METHODS.find(({way}) => way === "integrated").words, /but for what the steps along the path leave out/);
});

test("there is one occlusion, and the words say which", () => {
  const words = ATTRIBUTION_METHODS.filter(({way}) => way.startsWith("occ")).map((method) => method.words);
  assert.equal(words.length, 1);
  assert.match(words[0], /decrease of the logit when a square of the image is set to 0/);
});

test("a workspace is written over, and nothing else changes", () => {
  const network = smallNetwork("relu");
  const workspace = makeWorkspace(network);
  const first = runNetwork(network, PIXELS, workspace);
  const kept = first.activations.conv.data;
  const second = runNetwork(network, PIXELS.map((pixel) => 1 - pixel), workspace);
  assert.equal(second.activations.conv.data, kept);
  assert.deepEqual(second, runNetwork(network, PIXELS.map((pixel) => 1 - pixel)));
  assert.notEqual(runNetwork(network, PIXELS).activations.conv.data, runNetwork(network, PIXELS).activations.conv.data);
});

test("a huge logit does not overflow", () => {
  const layers = [{name: "end", kind: "Softmax", settings: {axis: -1}, input_shape: [3], output_shape: [3], weights: []}];
  const network = makeNetwork({name: "end", input_shape: [3], layers}, {});
  const run = runNetwork(network, [1000, 0, -1000]);
  assert.deepEqual([...run.probabilities], [1, 0, 0]);
  assert.deepEqual([...run.logits], [1000, 0, -1000]);
  assert.deepEqual(explainUnit(network, [1000, 0, -1000], run.activations, "end", [1]).softmax.exponentials, [1, 0, 0]);
});

test("of equal pixels the first wins, and no other", () => {
  const pool = {name: "pool", kind: "MaxPooling2D", settings: {pool_size: [2, 2], strides: [2, 2], padding: "valid"},
    input_shape: [2, 2, 1], output_shape: [1, 1, 1], weights: []};
  const network = makeNetwork({name: "pool", input_shape: [2, 2, 1], layers: [pool]}, {});
  const pixels = [0, 3, 3, 1];
  const {window, ties} = explainUnit(network, pixels, runNetwork(network, pixels).activations, "pool", [0, 0, 0]);
  assert.deepEqual(window.map(({wins}) => wins), [false, true, false, false]);
  assert.equal(ties, 1);
});

test("a receptive field ends at the picture's edge and knows what the pooling leaves out", () => {
  const network = smallNetwork();
  assert.deepEqual(receptiveField(network, "conv", [1, 4, 0]), {top: 1, left: 4, bottom: 2, right: 5});
  assert.deepEqual(receptiveField(network, "pool", [1, 1]), {top: 2, left: 2, bottom: 4, right: 4});
  assert.deepEqual(receptiveField(network, "flatten", [7]), {top: 2, left: 2, bottom: 4, right: 4});
  assert.deepEqual(receptiveField(network, "dense", [0]), {top: 0, left: 0, bottom: 4, right: 4});
  assert.deepEqual([...unusedPixels(network)].map((blind, pixel) => blind && pixel).filter(Boolean), [5, 11, 17, 23, 29]);
});

test("a picture laid out anew keeps no places, unless its sides stay the same", () => {
  const fieldIn = (shape) => {
    const again = {name: "again", kind: "Reshape", settings: {}, input_shape: [2, 2, 2], output_shape: shape, weights: []};
    return receptiveField(smallNetwork("relu", [again]), "again", [0, 0]);
  };
  assert.deepEqual(fieldIn([2, 2, 2]), {top: 0, left: 0, bottom: 2, right: 2});
  assert.deepEqual(fieldIn([4, 2, 1]), {top: 0, left: 0, bottom: 4, right: 4});
});

test("what is covered in vain costs nothing, and the map says what the rest costs", () => {
  const network = smallNetwork();
  const pixels = PIXELS.map((pixel, index) => (index < 12 ? 0 : pixel)); // two black rows
  const {shares, result: [other, map]} = finished(occlusionMaps(network, pixels, [0, 1], {size: 2, stride: 2}));
  assert.deepEqual(shares, [1 / 3, 2 / 3, 1]);
  assert.deepEqual([map.rows, map.columns], [3, 3]);
  assert.deepEqual([...map.drop.slice(0, 3)], [0, 0, 0]);
  const covered = pixels.map((pixel, index) => ([12, 13, 18, 19].includes(index) ? 0 : pixel));
  const drop = runNetwork(network, pixels).logits[1] - runNetwork(network, covered).logits[1];
  assert.ok(Math.abs(map.drop[3] - drop) < 1e-7);
  assert.notEqual(drop, 0);
  assert.deepEqual(other, finished(occlusionMaps(network, pixels, [0], {size: 2, stride: 2})).result[0]);
  assert.notDeepEqual(other, map);
});

test("a layer that cannot be computed is named with its reason, and everything before it is there", () => {
  const shapes = {input_shape: [2, 2, 2], output_shape: [2, 2, 2], weights: []};
  const cases = [
    [{kind: "Fold", settings: {}}, /is a Fold/],
    [{kind: "Activation", settings: {activation: "mish"}}, /activation function mish/],
    [{kind: "Activation", settings: {activation: "constructor"}}, /activation function constructor/],
    [{kind: "toString", settings: {}}, /is a toString/],
    [{kind: "Softmax", settings: {axis: 1}}, /axis 1, not the last/],
    [{kind: "BatchNormalization", settings: {axis: 1, epsilon: 0.001}}, /axis 1/],
    [{kind: "Rescaling", settings: {scale: [1, 2, 3], offset: 0}}, /2 channels/],
  ];
  for (const [layer, reason] of cases) {
    const network = smallNetwork("relu", [{name: "odd", ...layer, ...shapes}]);
    const run = runNetwork(network, PIXELS);
    assert.deepEqual(network.unknown, ["odd"]);
    assert.match(network.layers[2].problem, reason);
    assert.equal(run.stoppedAt, "odd");
    assert.equal(run.probabilities, null);
    assert.deepEqual(Object.keys(run.activations), ["conv", "pool"]);
    assert.equal(explainUnit(network, PIXELS, run.activations, "dense", [0]), null);
    assert.equal(inputGradient(network, PIXELS, run, 0), null);
    assert.equal(finished(integratedGradients(network, PIXELS, [0])).result, null);
    assert.equal(finished(occlusionMaps(network, PIXELS, [0], {size: 2, stride: 2})).result, null);
    assert.equal(explainUnit(network, PIXELS, run.activations, "pool", [0, 0, 0]).kind, "mean");
    assert.equal(receptiveField(network, "dense", [0]).bottom, 4);
  }
});

test("wrong input raises an error that names the value", () => {
  const network = smallNetwork();
  const run = runNetwork(network, PIXELS);
  assert.throws(() => runNetwork(network, [1, 2]), /2 pixels; small takes 5 × 6 × 1 = 30/);
  const explain = (...unit) => explainUnit(network, PIXELS, run.activations, ...unit);
  assert.throws(() => explain("conv", [4, 0, 0]), /no unit \[4,0,0\] in a layer of shape \[4,5,2\]/);
  assert.throws(() => explain("nothing", [0]), /no layer named nothing/);
  assert.throws(() => receptiveField(network, "conv", [0, 5]), /no unit/);
  assert.throws(() => inputGradient(network, PIXELS, run, 3), /no class 3; .* 3 classes/);
  const dense = {name: "d", kind: "Dense", settings: {}, input_shape: [2], output_shape: [2], weights: ["kernel"]};
  const make = (weights) => makeNetwork({name: "n", input_shape: [2], layers: [dense]}, weights);
  assert.throws(() => make({}), /d: .*kernel/);
  assert.throws(() => make({"d/kernel": new Float32Array(3)}), /its kernel has 3 numbers, not 4/);
});
