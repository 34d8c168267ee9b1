import assert from "node:assert/strict";
import test from "node:test";
import {channelRanges, evenRange, formatNumber, formatTicks, joinedRange, niceTicks, scaleRanges} from "../../src/convscope/page/js/image/color/range.js";

const layers = {
  first: {shape: [2, 1, 2], data: Float32Array.from([0, -1, 3, 1])},
  second: {shape: [3], data: Float32Array.from([0, 0, 8])},
};

test("per channel, each has its own range", () => {
  assert.deepEqual(scaleRanges(layers, "channel"), {
    first: [{minimum: 0, maximum: 3}, {minimum: 0, maximum: 1}],
    second: [{minimum: 0, maximum: 1}, {minimum: 0, maximum: 1}, {minimum: 0, maximum: 8}],
  });
});

test("per layer, all channels share one; over all, all layers do", () => {
  const byLayer = scaleRanges(layers, "layer");
  assert.deepEqual(byLayer.first, [{minimum: 0, maximum: 3}, {minimum: 0, maximum: 3}]);
  assert.deepEqual(byLayer.second[0], {minimum: 0, maximum: 8});
  assert.deepEqual(Object.values(scaleRanges(layers, "all")).flat(), Array(5).fill({minimum: 0, maximum: 8}));
});

test("signed values have zero in the middle", () => {
  assert.deepEqual(scaleRanges(layers, "layer", {signed: true}).first[0], {minimum: -3, maximum: 3});
  assert.deepEqual(scaleRanges(layers, "channel", {signed: true}).second[0], {minimum: -1, maximum: 1});
});

test("an unknown mode is refused", () => assert.throws(() => scaleRanges(layers, "each"), /unknown scale mode: each/));

test("no range is empty", () => {
  for (const data of [[0, 0], [-4, -4], [NaN, NaN], []]) {
    const [range] = scaleRanges({layer: {shape: [data.length, 1], data}}, "channel").layer;
    assert.deepEqual(range, {minimum: 0, maximum: 1});
  }
  for (const nothing of [channelRanges([NaN], 1)[0], joinedRange([])]) assert.deepEqual(evenRange(nothing), {minimum: -1, maximum: 1});
});

test("ticks are round, inside, and not too many", () => {
  assert.deepEqual(niceTicks(0, 1), [0, 0.5, 1]);
  assert.deepEqual(niceTicks(0, 1, 6), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(niceTicks(-0.3, 0.3, 7), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  assert.deepEqual(niceTicks(3, 97), [20, 40, 60, 80]);
  assert.deepEqual(niceTicks(-1234, 5678), [0, 2000, 4000]);
  assert.deepEqual(niceTicks(2, 2), [2]);
  assert.deepEqual(niceTicks(NaN, 2), []);
  for (const [low, high, count] of [[1e-9, 7e-9, 5], [-1e6, 3.3e6, 4], [0.017, 0.9, 3], [-77, -5, 9], [1e5, 1e5 + 1, 5], [0, 1e-3, 2]]) {
    const ticks = niceTicks(low, high, count);
    assert.ok(ticks.length >= 1 && ticks.length <= count, `${ticks}`);
    assert.ok(ticks.every((tick) => tick >= low - 1e-9 * (high - low) && tick <= high + 1e-9 * (high - low)), `${ticks}`);
  }
});

test("numbers have three significant digits and a true minus sign", () => {
  const expected = {0: "0", 1: "1", 0.5: "0.5", 0.01234: "0.0123", 12.345: "12.3", 1234.5: "1,230", 98765: "98,800", 999999: "1\u00a0×\u00a010⁶",
    "-4.5678": "−4.57", "-0.00012345": "−0.000123", 7.891e-6: "7.89\u00a0×\u00a010⁻⁶", 1.5e12: "1.5\u00a0×\u00a010¹²"};
  for (const [value, text] of Object.entries(expected)) assert.equal(formatNumber(Number(value)), text);
  assert.equal(formatNumber(Math.PI, 5), "3.1416");
  assert.equal(formatNumber(-0), "0");
  assert.deepEqual([NaN, null, undefined].map((value) => formatNumber(value)), ["–", "–", "–"]);
  assert.deepEqual([Infinity, -Infinity].map((value) => formatNumber(value)), ["∞", "−∞"]);
});

test("ticks are lettered with the same number of decimals", () => {
  assert.deepEqual(formatTicks([-0.5, 0, 0.25]), ["−0.50", "0.00", "0.25"]);
  assert.deepEqual(formatTicks([0, 1000, 20000]), ["0", "1,000", "20,000"]);
  assert.deepEqual(formatTicks([1e-8, 2e-8]), ["1\u00a0×\u00a010⁻⁸", "2\u00a0×\u00a010⁻⁸"]);
  assert.deepEqual(formatTicks([]), []);
});
