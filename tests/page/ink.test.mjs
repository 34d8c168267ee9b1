import assert from "node:assert/strict";
import test from "node:test";
import {PAD_SETTINGS, prepareDigit} from "../../src/convscope/page/js/image/preprocess/mnist-style.js";
import {beginStroke, clearInk, extendStroke, fromPixels, makeInk, setStrokes} from "../../src/convscope/page/js/image/stroke-canvas.js";

const wave = Array.from({length: 40}, (_, step) => ({x: 30 + 5 * step, y: 140 + 80 * Math.sin(step / 6)}));
const draw = (ink, points, radius) => {
  beginStroke(ink, points[0], radius);
  points.slice(1).forEach((point) => extendStroke(ink, point));
  return ink;
};

test("a dot covers the area of its disc, within one part in a hundred", () => {
  for (const radius of [3, 8.5, 20]) {
    const ink = draw(makeInk(64, 64), [{x: 31.3, y: 32.8}], radius);
    const area = ink.pixels.reduce((sum, level) => sum + level, 0) / 255;
    assert.ok(Math.abs(area / (Math.PI * radius ** 2) - 1) < 0.01, `${radius}: ${area}`);
  }
});

test("coverage is what a hundred points in each pixel say, within a tenth", () => {
  const [start, end, radius] = [{x: 10.2, y: 20.7}, {x: 40.9, y: 33.1}, 5.3];
  const ink = draw(makeInk(60, 60), [start, end], radius);
  const inside = (x, y) => {
    const [along, down] = [end.x - start.x, end.y - start.y];
    const share = Math.min(1, Math.max(0, ((x - start.x) * along + (y - start.y) * down) / (along ** 2 + down ** 2)));
    return Math.hypot(x - start.x - share * along, y - start.y - share * down) <= radius;
  };
  for (let row = 0; row < 60; row++) {
    for (let column = 0; column < 60; column++) {
      let covered = 0;
      for (let point = 0; point < 100; point++) {
        covered += inside(column + ((point % 10) + 0.5) / 10, row + (Math.floor(point / 10) + 0.5) / 10) / 100;
      }
      assert.ok(Math.abs(ink.pixels[row * 60 + column] / 255 - covered) <= 0.11, `${row}, ${column}`);
    }
  }
});

test("a segment changes nothing outside the rectangle that it names", () => {
  const ink = draw(makeInk(280, 280), wave.slice(0, 20), 11);
  const before = ink.pixels.slice();
  const {top, left, bottom, right} = extendStroke(ink, wave[20]);
  ink.pixels.forEach((level, place) => {
    const [row, column] = [Math.floor(place / 280), place % 280];
    if (row < top || row > bottom || column < left || column > right) assert.equal(level, before[place]);
  });
  assert.notDeepEqual(ink.pixels, before);
  assert.ok((bottom - top + 1) * (right - left + 1) < 2000);
});

test("off the pad nothing is touched, and at its edge only what is on it", () => {
  const ink = makeInk(50, 50);
  assert.equal(beginStroke(ink, {x: -40, y: 20}, 8), null);
  assert.deepEqual(extendStroke(ink, {x: 2, y: 20}), {top: 11, left: 0, bottom: 28, right: 10});
  assert.deepEqual(beginStroke(ink, {x: 60, y: 60}, 20), {top: 39, left: 39, bottom: 49, right: 49});
});

test("drawn piece by piece or redrawn at once is the same picture", () => {
  const ink = draw(draw(makeInk(280, 280), wave, 11), [{x: 200, y: 20}, {x: 20, y: 250}], 5);
  const again = makeInk(280, 280);
  setStrokes(again, ink.strokes);
  assert.deepEqual(again.pixels, ink.pixels);
});

test("a picture of the set comes back from the pad as it was", () => {
  const digit = new Uint8Array(784);
  for (let row = 4; row < 24; row++) for (let column = 8; column < 20; column++) digit[row * 28 + column] = 1 + ((row * 31 + column * 17) % 254);
  digit[14 * 28 + 14] = 255;
  const ink = makeInk(280, 300);
  fromPixels(ink, {height: 28, width: 28, pixels: digit});
  const {pixels, steps} = prepareDigit(ink, PAD_SETTINGS);
  const [down, right] = steps.centre.shift; // this one is no digit of MNIST: its mass need not be in the middle
  assert.deepEqual(steps.fit.picture.pixels.length, 400);
  assert.equal(steps.fit.scale, 0.1);
  const place = (row, column) => pixels[(row + down) * 28 + column + right];
  for (let row = 4; row < 24; row++) for (let column = 8; column < 20; column++) assert.equal(place(row, column), digit[row * 28 + column]);
});

test("strokes lie on the picture", () => {
  const ink = makeInk(280, 280);
  fromPixels(ink, {height: 28, width: 28, pixels: new Uint8Array(784).fill(100)});
  draw(ink, wave, 11);
  assert.deepEqual([Math.min(...ink.pixels), Math.max(...ink.pixels)], [100, 255]);
});

test("clear clears strokes and picture", () => {
  const ink = makeInk(280, 280);
  fromPixels(ink, {height: 28, width: 28, pixels: new Uint8Array(784).fill(100)});
  draw(ink, wave, 11);
  clearInk(ink);
  assert.ok(ink.pixels.every((level) => level === 0));
  assert.deepEqual([ink.strokes, ink.under], [[], null]);
});

test("what makes no sense is refused", () => {
  assert.throws(() => extendStroke(makeInk(9, 9), {x: 1, y: 1}), /no stroke has been begun/);
  assert.throws(() => fromPixels(makeInk(9, 9), {height: 28, width: 28, pixels: new Uint8Array(784)}), /28 × 28 on a pad of 9 × 9/);
});

test("a segment across a digit's worth of strokes takes less than 2 ms on 280 × 280", () => {
  const ink = draw(makeInk(280, 280), wave, 12);
  const laps = Array.from({length: 60}, (_, lap) => {
    const start = performance.now();
    extendStroke(ink, lap % 2 ? {x: 20, y: 20} : {x: 260, y: 260}); // the longest there is
    return performance.now() - start;
  });
  assert.ok(Math.min(...laps) < 2, `${Math.min(...laps)} ms`);
});
