import assert from "node:assert/strict";
import test from "node:test";
import {DIVERGING_DARK_TABLE, DIVERGING_TABLE, GREY_TABLE, SEQUENTIAL_TABLE} from "../../src/convscope/page/js/image/color/colormaps.js";
import {colorOf, cssColor, paint, textOn} from "../../src/convscope/page/js/image/color/paint.js";

// That the tables are matplotlib's, and that signs stay distinct for the colour-blind, is shown by test_image_modules.py.

const tables = {SEQUENTIAL_TABLE, DIVERGING_TABLE, DIVERGING_DARK_TABLE, GREY_TABLE};
const luminance = (table, step) => {
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    const share = table[4 * step + channel] / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

test("a table has 256 opaque colours", () => {
  for (const table of Object.values(tables)) {
    assert.equal(table.length, 1024);
    for (let step = 0; step < 256; step++) assert.equal(table[4 * step + 3], 255);
  }
});

test("more is brighter on the sequential scale; on the diverging ones more is darker by day and brighter by night", () => {
  for (let step = 1; step < 256; step++) {
    assert.ok(luminance(SEQUENTIAL_TABLE, step) >= luminance(SEQUENTIAL_TABLE, step - 1) - 1e-3);
    const outward = step < 128 ? [step - 1, step] : [step, step - 1]; // from the end towards zero
    assert.ok(luminance(DIVERGING_TABLE, outward[0]) <= luminance(DIVERGING_TABLE, outward[1]) + 3e-3);
    assert.ok(luminance(DIVERGING_DARK_TABLE, outward[0]) >= luminance(DIVERGING_DARK_TABLE, outward[1]) - 3e-3);
  }
});

test("zero has the colour of the middle, which is grey", () => {
  for (const table of [DIVERGING_TABLE, DIVERGING_DARK_TABLE]) {
    const [red, green, blue] = colorOf(0, {minimum: -2, maximum: 2, table});
    assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) <= 1, `${red} ${green} ${blue}`);
  }
});

test("more than zero is warm and less is cool, on both pages", () => {
  for (const table of [DIVERGING_TABLE, DIVERGING_DARK_TABLE]) {
    const [warm, , cold] = colorOf(1, {minimum: -2, maximum: 2, table});
    assert.ok(warm > cold + 40);
    const [lessWarm, , colder] = colorOf(-1, {minimum: -2, maximum: 2, table});
    assert.ok(colder > lessWarm + 40);
  }
});

test("values outside the range get its ends, and what is no number stays clear", () => {
  const target = new Uint8ClampedArray(20);
  paint([-9, 0, 9, NaN, Infinity], {minimum: -1, maximum: 1, table: GREY_TABLE}, target);
  assert.deepEqual([...target], [0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255]);
});

test("an empty range does not fail", () => {
  assert.deepEqual(colorOf(3, {minimum: 3, maximum: 3, table: GREY_TABLE}), [0, 0, 0]);
});

test("one channel of several can be painted", () => {
  const data = Float32Array.from([0, 1, 1, 0, 0.5, 1]); // three pixels of two channels
  const target = new Uint8ClampedArray(12);
  paint(data, {minimum: 0, maximum: 1, table: GREY_TABLE}, target, {start: 1, step: 2});
  assert.deepEqual([target[0], target[4], target[8]], [255, 0, 255]);
  paint(data, {minimum: 0, maximum: 1, table: GREY_TABLE}, target, {start: 2, step: 1, count: 2});
  assert.deepEqual([target[0], target[4], target[8]], [255, 0, 255]);
});

test("a target that is too short is refused", () => {
  assert.throws(() => paint([1, 2], {minimum: 0, maximum: 1, table: GREY_TABLE}, new Uint8ClampedArray(4)), /invalid target: 4 bytes for 2/);
});

test("text is readable on every colour of every table", () => {
  for (const table of Object.values(tables)) {
    for (let step = 0; step < 256; step++) {
      const ground = luminance(table, step);
      const text = textOn([...table.subarray(4 * step, 4 * step + 3)]) === "#000" ? 0 : 1;
      assert.ok((Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05) >= 4.5);
    }
  }
});

test("a colour for a style sheet", () => assert.equal(cssColor([1, 20, 255]), "rgb(1 20 255)"));
