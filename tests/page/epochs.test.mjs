import assert from "node:assert/strict";
import test from "node:test";
import {accuracyAxis, epochTicks, lossAxis, probabilityAxis, spreadLabels} from "../../src/convscope/page/js/dom/chart/axis.js";
import {afterText, epochFrames, frameAt} from "../../src/convscope/page/js/state/epochs.js";

const payload = {
  weights: {epochs: [{epoch: 1}, {epoch: 5}, {epoch: 10}]},
  evidence: {epoch_snapshots: {epochs: [1, 5, 10], accuracy: [0.5, 0.75, 1], confusion: [[[1, 1], [1, 1]], [[2, 0], [1, 1]], [[2, 0], [0, 2]]]}},
  metrics: {test: {accuracy: 1, confusion: [[2, 0], [0, 2]]}},
};

test("the last frame is the finished network, with the numbers of the report", () => {
  const frames = epochFrames(payload);
  assert.deepEqual(frames.map(({epoch, isLast, accuracy}) => [epoch, isLast, accuracy]), [[1, false, 0.5], [5, false, 0.75], [10, true, 1]]);
  assert.equal(frames[1].confusion, payload.evidence.epoch_snapshots.confusion[1]);
  assert.equal(frames[2].confusion, payload.metrics.test.confusion);
});

test("zero, the last epoch and an epoch that is not kept stand for the end", () => {
  const frames = epochFrames(payload);
  for (const epoch of [0, 10, 7, -1]) assert.equal(frameAt(frames, epoch), 2);
  assert.equal(frameAt(frames, 5), 1);
  assert.deepEqual(frames.map(({state}) => state), [1, 5, 0]);
  assert.equal(afterText(frames, 5), "as after epoch 5 of 10");
  assert.equal(afterText(frames, 0), "");
  assert.equal(afterText([], 0), "");
});

test("a page without weights has no film, one without measurements has frames without numbers", () => {
  assert.deepEqual(epochFrames({...payload, weights: null}), []);
  const frames = epochFrames({...payload, evidence: null});
  assert.deepEqual([frames[0].accuracy, frames[0].confusion, frames[2].accuracy], [null, null, 1]);
});

/** Whether equal steps of an axis are equal differences. */
const isEven = ({place}, low, high) => Math.abs(place((low + high) / 2) - (place(low) + place(high)) / 2) < 1e-9;

test("a high accuracy is drawn by how often the errors were halved", () => {
  const axis = accuracyAxis([0.9, 0.99]);
  assert.ok(!isEven(axis, 0.9, 0.99));
  const [a, b, c] = [0.96, 0.98, 0.99].map(axis.place);
  assert.ok(Math.abs(b - a - (c - b)) < 1e-9);
  assert.ok(axis.place(0.9) > 0 && axis.place(0.99) < 1);
});

test("low, perfect, equal and missing accuracies are drawn evenly", () => {
  for (const values of [[0.2, 0.6], [0.9, 1], [0.5, 0.5], [NaN, null], []]) {
    const axis = accuracyAxis(values.filter(Number.isFinite));
    assert.ok(isEven(axis, 0.2, 0.6));
    assert.ok(axis.ticks.length >= 2, JSON.stringify(values));
    for (const {value} of axis.ticks) assert.ok(axis.place(value) >= -1e-9 && axis.place(value) <= 1 + 1e-9);
  }
});

test("a loss that spans several factors is drawn by factors", () => {
  const axis = lossAxis([0.02, 0.3]);
  assert.ok(!isEven(axis, 0.02, 0.3));
  assert.deepEqual(axis.ticks.map(({text}) => text), ["0.02", "0.05", "0.1", "0.2"]);
  assert.ok(Math.abs(axis.place(0.04) - axis.place(0.02) - (axis.place(0.08) - axis.place(0.04))) < 1e-9);
  assert.ok(isEven(lossAxis([0.5, 0.6]), 0.5, 0.6));
  assert.ok(isEven(lossAxis([0, 0.6]), 0, 0.6));
});

test("probabilities run from none to all", () => {
  assert.deepEqual(probabilityAxis().ticks.map(({text}) => text), ["0%", "50%", "100%"]);
});

test("the first and the last epoch are always named", () => {
  assert.deepEqual(epochTicks(1), [1]);
  assert.deepEqual(epochTicks(3), [1, 2, 3]);
  for (const epochs of [7, 18, 30, 100, 999]) {
    const ticks = epochTicks(epochs);
    assert.equal(ticks[0], 1);
    assert.equal(ticks.at(-1), epochs);
    assert.ok(ticks.length <= 10, `${epochs}: ${ticks}`);
  }
});

test("labels keep their distance and their order, and stay in the room", () => {
  for (const wanted of [[10, 12, 11], [95, 99, 97], [0, 0, 0], [50], []]) {
    const placed = spreadLabels(wanted, 30, 100);
    const order = placed.map((_, place) => place).sort((a, b) => wanted[a] - wanted[b] || a - b);
    order.forEach((place, rank) => {
      assert.ok(placed[place] >= 0 && placed[place] <= 100);
      if (rank) assert.ok(placed[place] - placed[order[rank - 1]] >= 30 - 1e-9);
    });
  }
});
