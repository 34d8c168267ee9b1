import assert from "node:assert/strict";
import test from "node:test";
import {NO_CHANGE, perturb, seededNoise, seededRandom} from "../../src/convscope/page/js/image/perturb.js";

// Placement and thick are compared with SciPy by test_image_modules.py.

const shape = {height: 9, width: 12, channels: 3};
const random = seededRandom(7);
const picture = Float32Array.from({length: 9 * 12 * 3}, random);
const at = (pixels, row, column, channel) => pixels[(row * shape.width + column) * shape.channels + channel];

test("at neutral settings every value is the same, and the picture a copy", () => {
  for (const settings of [{}, NO_CHANGE, {turn: 360}, {seed: 5}, {row: 3, column: 3, cover: 0}]) {
    const perturbed = perturb(picture, shape, settings);
    assert.deepEqual(perturbed, picture);
    assert.notEqual(perturbed, picture);
  }
});

test("what changes something is not neutral", () => {
  const changes = [{right: 0.1}, {down: -1}, {turn: 1}, {scale: 0.9}, {thick: 0.1},
    {noise: 0.1}, {row: -1, column: -2.5, cover: 1}];
  for (const change of changes) {
    assert.notDeepEqual(perturb(picture, shape, change), picture);
  }
});

test("the picture handed in stays as it was", () => {
  const before = picture.slice();
  perturb(picture, shape, {right: 1, thick: 1, noise: 0.5, row: -3, column: -4.5, cover: 4});
  assert.deepEqual(picture, before);
});

test("a shift by whole pixels copies, and black comes in", () => {
  const moved = perturb(picture, shape, {right: 2, down: -1});
  for (let row = 0; row < 9; row++) {
    for (let column = 0; column < 12; column++) {
      const expected = row + 1 < 9 && column >= 2 ? at(picture, row + 1, column - 2, 1) : 0;
      assert.equal(at(moved, row, column, 1), expected);
    }
  }
});

test("a shift by half a pixel is the mean of two", () => {
  const moved = perturb(picture, shape, {right: 0.5});
  assert.ok(Math.abs(at(moved, 4, 5, 2) - (at(picture, 4, 4, 2) + at(picture, 4, 5, 2)) / 2) < 1e-6);
});

test("a quarter turn is clockwise", () => {
  const square = {height: 5, width: 5, channels: 1};
  const mark = new Float32Array(25);
  mark[1] = 1; // top row, second
  const turned = perturb(mark, square, {turn: 90});
  assert.equal(turned.findIndex((value) => value > 0.999), 1 * 5 + 4); // right column, second
});

test("scale 2 doubles and scale 0.5 halves what is drawn", () => {
  const square = {height: 28, width: 28, channels: 1};
  const dot = new Float32Array(784);
  for (let row = 10; row < 18; row++) dot.fill(1, row * 28 + 10, row * 28 + 18);
  const area = (pixels) => pixels.reduce((sum, value) => sum + value, 0);
  assert.ok(Math.abs(area(perturb(dot, square, {scale: 2})) / 64 - 4) < 0.01);
  assert.ok(Math.abs(area(perturb(dot, square, {scale: 0.5})) / 64 - 0.25) < 0.01);
  assert.throws(() => perturb(dot, square, {scale: 0}), /invalid scale: 0/);
});

test("thicker and thinner are opposites, and fractions lie between", () => {
  const square = {height: 28, width: 28, channels: 1};
  const line = new Float32Array(784);
  for (let row = 4; row < 24; row++) line.fill(1, row * 28 + 12, row * 28 + 15);
  const width = (thick) => perturb(line, square, {thick}).subarray(14 * 28, 15 * 28).reduce((sum, value) => sum + value, 0);
  assert.deepEqual([-1, -0.5, 0, 0.5, 1, 1.5, 2].map(width), [1, 2, 3, 4, 5, 6, 7]);
});

test("noise is the same for the same seed, another for another, and as strong as said", () => {
  const grey = {height: 100, width: 100, channels: 1};
  const flat = new Float32Array(10000).fill(0.5);
  const noisy = perturb(flat, grey, {noise: 0.1, seed: 3});
  assert.deepEqual(perturb(flat, grey, {noise: 0.1, seed: 3}), noisy);
  assert.notDeepEqual(perturb(flat, grey, {noise: 0.1, seed: 4}), noisy);
  const mean = noisy.reduce((sum, value) => sum + value, 0) / 10000;
  const deviation = Math.sqrt(noisy.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 10000);
  assert.ok(Math.abs(mean - 0.5) < 0.004 && Math.abs(deviation - 0.1) < 0.003, `${mean} ${deviation}`);
});

test("random numbers are mulberry32's", () => {
  // Worked out by hand in Python, with whole numbers modulo 2³².
  const next = seededRandom(1);
  assert.deepEqual([next(), next(), next()].map((value) => value * 2 ** 32), [2693262067, 11749833, 2265367787]);
  const noise = seededNoise(1);
  assert.ok(Array.from({length: 1000}, noise).every((value) => Math.abs(value) <= 2 * Math.sqrt(3)));
});

test("the square that covers has the size that was asked for, cut at the edge", () => {
  const square = {height: 10, width: 10, channels: 2};
  const white = new Float32Array(200).fill(1);
  const covered = (row, column, cover) => perturb(white, square, {row: row - 4.5, column: column - 4.5, cover}).filter((value) => value === 0.5).length / 2;
  assert.equal(covered(5, 5, 4), 16);
  assert.equal(covered(5, 5, 5), 25);
  assert.equal(covered(0, 0, 5), 9);
  assert.equal(covered(99, 5, 5), 0);
  assert.equal(covered(5, -99, 5), 0);
});

test("with much noise nothing leaves 0..1", () => {
  assert.ok(perturb(picture, shape, {noise: 2}).every((value) => value >= 0 && value <= 1));
});

test("everything at once takes less than a millisecond on 28 × 28", () => {
  const square = {height: 28, width: 28, channels: 1};
  const digit = Float32Array.from({length: 784}, random);
  const all = {right: 1.5, turn: 10, scale: 1.1, thick: 0.7, noise: 0.1, row: -4.5, column: -4.5, cover: 7};
  const laps = Array.from({length: 300}, () => {
    const start = performance.now();
    perturb(digit, square, all);
    return performance.now() - start;
  });
  assert.ok(Math.min(...laps) < 1, `${Math.min(...laps)} ms`);
});
