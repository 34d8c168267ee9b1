import assert from "node:assert/strict";
import test from "node:test";
import {PAD_SETTINGS, prepareDigit} from "../../src/convscope/page/js/image/preprocess/mnist-style.js";
import {toGrey} from "../../src/convscope/page/js/image/preprocess/pixel-statistics.js";
import {stretched} from "../../src/convscope/page/js/image/preprocess/resample.js";

// That it does the same as Python is shown by test_image_modules.py; here is what the page relies on.

const pad = (draw) => {
  const pixels = new Uint8Array(280 * 280);
  for (let row = 0; row < 280; row++) {
    for (let column = 0; column < 280; column++) if (draw(row, column)) pixels[row * 280 + column] = 255;
  }
  return {height: 280, width: 280, pixels};
};

test("an empty pad is empty", () => {
  const prepared = prepareDigit(pad(() => false), PAD_SETTINGS);
  assert.ok(prepared.empty);
  assert.equal(prepared.steps.crop.box, null);
  assert.equal(prepared.pixels.length, 784);
  assert.ok(prepared.pixels.every((level) => level === 0));
});

test("a stroke in a corner is brought to the middle, 20 pixels long", () => {
  const {pixels, steps, empty} = prepareDigit(pad((row, column) => row >= 10 && row < 60 && column < 6), PAD_SETTINGS);
  assert.ok(!empty);
  assert.deepEqual(steps.crop.box, {top: 10, left: 0, bottom: 59, right: 5});
  assert.deepEqual([steps.fit.height, steps.fit.scale], [20, 0.4]);
  const rows = Array.from({length: 28}, (_, row) => pixels.subarray(row * 28, row * 28 + 28).some(Boolean));
  assert.deepEqual([rows.indexOf(true), rows.lastIndexOf(true)], [4, 23]);
});

test("the same stroke anywhere on the pad is the same digit", () => {
  const stroke = (top, left) => pad((row, column) => row >= top && row < top + 99 && Math.abs(column - left - (row - top) / 4) < 7);
  const expected = prepareDigit(stroke(20, 30), PAD_SETTINGS).pixels;
  for (const [top, left] of [[0, 8], [181, 200], [77, 123]]) {
    assert.deepEqual(prepareDigit(stroke(top, left), PAD_SETTINGS).pixels, expected);
  }
});

test("the picture handed in stays as it was", () => {
  const picture = {height: 20, width: 30, pixels: Uint8Array.from({length: 600}, (_, place) => (place * 97) % 256)};
  const before = picture.pixels.slice();
  for (const settings of [{}, PAD_SETTINGS, {crop: false, polarity: "invert"}]) prepareDigit(picture, settings);
  assert.deepEqual(picture.pixels, before);
});

test("what is no picture is refused", () => {
  assert.throws(() => prepareDigit({height: 28, width: 28, pixels: new Uint8Array(5)}), /invalid picture: 28 × 28 with 5/);
  assert.throws(() => prepareDigit({height: 0, width: 28, pixels: new Uint8Array(0)}), /invalid picture/);
});

test("what is transparent is white, and green is lighter than blue", () => {
  const data = [0, 0, 0, 0, 0, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 0, 0, 0, 128];
  assert.deepEqual([...toGrey({height: 1, width: 5, data}).pixels], [255, 0, 150, 29, 127]);
});

test("a drawing of 280 × 280 is prepared within 4 ms", () => {
  const drawing = pad((row, column) => Math.abs(Math.hypot(row - 140, column - 140) - 90) < 12);
  assert.ok(quickest(() => prepareDigit(drawing, PAD_SETTINGS)) < 4);
});

/** The least of many: what else the machine does must not count. */
function quickest(run, times = 60) {
  const laps = Array.from({length: times}, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...laps);
}

test("a picture is stretched if all its values are between black and white of the training images", () => {
  const levels = (values, range, perLevel, opacity = 255) => {
    const data = Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, opacity]));
    const picture = stretched({height: 1, width: values.length, data}, range, perLevel);
    return [...picture.data].filter((_, place) => place % 4 === 0);
  };
  assert.deepEqual(levels([0, 8, 16], [0, 16]), [0, 128, 255]);
  assert.deepEqual(levels([0, 8, 17], [0, 16]), [0, 8, 17]);
  assert.deepEqual(levels([0, 8, 16], [0, 16], 1, 254), [0, 8, 16]);
  assert.deepEqual(levels([0, 8, 16], [0, 255]), [0, 8, 16]);
  assert.deepEqual(levels([0, 15], [0, 4095], 257), [0, 240]);
  assert.deepEqual(levels([0, 17], [0, 4095], 257), [0, 17]);
});
