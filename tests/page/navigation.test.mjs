import assert from "node:assert/strict";
import test from "node:test";
import {makeSimplifier} from "../../src/convscope/page/js/views/playground/stroke-encoding.js";
import {kindOfStep} from "../../src/convscope/page/js/state/navigation.js";
import {INITIAL_STATE} from "../../src/convscope/page/js/state/state.js";
import {formatInk, parseInk} from "../../src/convscope/page/js/views/playground/stroke-encoding.js";

const step = (before, after) => kindOfStep({...INITIAL_STATE, ...before}, {...INITIAL_STATE, ...before, ...after});

test("places, levels, layers and images are steps", () => {
  assert.equal(step({}, {place: "good"}), "place");
  assert.equal(step({}, {layer: "conv2d"}), "level 1");
  assert.equal(step({layer: "conv2d"}, {unit: "1.1.0"}), "level 2");
  assert.equal(step({layer: "conv2d", unit: "1.1.0"}, {unit: ""}), "level 1");
  assert.equal(step({layer: "conv2d"}, {layer: "dense"}), "level 1");
  assert.equal(step({layer: "conv2d"}, {layer: ""}), "level 0");
  assert.equal(step({image: "drawing", ink: "b1"}, {image: "test-3", ink: ""}), "image");
});

test("strokes, sliders, epochs, colours and the next unit are none", () => {
  for (const after of [{ink: "b1"}, {image: "drawing"}, {change: "turn:20"}, {epoch: 2}, {scale: "all"}, {theme: "dark"}, {target: 1}, {place: ""}]) {
    assert.equal(step({image: "test-3", place: "good"}, after), "", JSON.stringify(after));
  }
  assert.equal(step({layer: "conv2d", unit: "1.1.0"}, {unit: "1.2.0"}), "");
});

const wave = Array.from({length: 2000}, (_, at) => ({x: Math.round(20 + at / 10), y: Math.round(140 + 80 * Math.sin(at / 200))}));
const distance = ({x, y}, a, b) => {
  const [along, down] = [b.x - a.x, b.y - a.y];
  const share = Math.min(1, Math.max(0, ((x - a.x) * along + (y - a.y) * down) / (along ** 2 + down ** 2)));
  return Math.hypot(x - a.x - share * along, y - a.y - share * down);
};

test("a line is simplified to fewer of its points, from which none is further than the tolerance", () => {
  for (const tolerance of [0.75, 2, 6]) {
    const [{points, radius}] = makeSimplifier([{radius: 12, points: wave}])(tolerance);
    assert.equal(radius, 12);
    assert.ok(points.length < wave.length / 10);
    assert.ok(points.every((point) => wave.includes(point)));
    for (const point of wave) {
      assert.ok(points.slice(1).some((end, at) => distance(point, points[at], end) <= tolerance + 1e-9));
    }
  }
});

test("a dot stays a dot, and a stroke under another is left out", () => {
  const dot = {radius: 12, points: [{x: 50, y: 50}]};
  const [line, over] = [12, 20].map((radius) => ({radius, points: [{x: 100, y: 100}, {x: 200, y: 180}]}));
  assert.deepEqual(makeSimplifier([dot, line, over])(1), [dot, over]);
});

test("a text stays within 1,700 characters, and once simplified it stays as it is", () => {
  let seed = 3;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const scribble = Array.from({length: 700}, () => ({
    radius: 5, points: Array.from({length: 6}, () => ({x: Math.round(280 * random()), y: Math.round(280 * random())})),
  }));
  for (const strokes of [[{radius: 12, points: wave}], scribble]) {
    const text = formatInk(strokes);
    assert.ok(text.length > 0 && text.length <= 1700);
    assert.equal(formatInk(parseInk(text).strokes), text);
  }
  const short = [{radius: 12, points: wave.slice(0, 200)}];
  assert.deepEqual(parseInk(formatInk(short)).strokes, short);
});
