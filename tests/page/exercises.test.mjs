import assert from "node:assert/strict";
import test from "node:test";
import {isDone} from "../../src/convscope/page/js/views/exercises/exercises.js";

const situation = (changes) => ({
  open: {source: "test", index: 7, label: 4}, prediction: {isEmpty: false, best: 9}, epoch: 0, isChanged: false, ...changes,
});
const exercise = (kind) => ({kind, text: "", label: 4, answer: 9, image: 7});

const drawing = (best, ink, changes) => situation({open: {source: "drawing", index: null, label: null}, prediction: {isEmpty: !ink, best}, ink, ...changes});

/** Whether the last of these situations completes an exercise that the others began. */
function isDoneAfter(kind, ...situations) {
  const begun = {};
  return situations.map((each) => isDone(exercise(kind), each, begun)).pop();
}

test("a drawing counts once more strokes have turned the first class into the second", () => {
  assert.ok(isDoneAfter("draw", drawing(4, "AAAAAA"), drawing(9, "AAAAAA.BBB")));
  assert.ok(isDoneAfter("draw", drawing(4, "AAAAAA"), drawing(7, "AAAAAA.BBB"), drawing(9, "AAAAAA.BBB.CCC")));
  assert.ok(isDoneAfter("draw", drawing(4, "test-7~AAAAAA"), drawing(9, "test-7~AAAAAA.BBB")));
});

test("a drawing does not count by the second class alone, nor where it is another drawing", () => {
  assert.ok(!isDoneAfter("draw", drawing(9, "AAAAAA")));
  assert.ok(!isDoneAfter("draw", drawing(7, "AAAAAA"), drawing(9, "AAAAAA.BBB")));
  assert.ok(!isDoneAfter("draw", drawing(4, "AAAAAA"), drawing(-1, ""), drawing(9, "CCCCCC.BBB")));
  assert.ok(!isDoneAfter("draw", drawing(4, "AAAAAA"), drawing(9, "CCCCCC.BBB.DDD")));
  assert.ok(!isDoneAfter("draw", drawing(4, "AAAAAA.BBB"), drawing(9, "AAAAAA")), "a stroke taken back");
  assert.ok(!isDoneAfter("draw", drawing(4, "AAAAAA"), drawing(9, "")), "a stroke that is not done");
  assert.ok(!isDoneAfter("draw", drawing(4, "AAAAAA"), drawing(9, "AAAAAA.BBB", {epoch: 2})), "other weights");
  assert.ok(!isDoneAfter("draw", drawing(4, "AAAAAA"), drawing(9, "AAAAAA.BBB", {isChanged: true})), "a transformation");
  assert.ok(!isDoneAfter("draw", drawing(4, "AAAAAA"), situation({})));
});

test("an image that is taken for another class counts only once it was right, and was changed", () => {
  const image = (best, isChanged, open = {source: "test", index: 7, name: "test-7", label: 4}) => situation({open, prediction: {isEmpty: false, best}, isChanged});
  assert.ok(isDoneAfter("turn", image(4, false), image(9, true)));
  assert.ok(!isDoneAfter("turn", image(9, false)));
  assert.ok(!isDoneAfter("turn", image(9, false), image(9, true)), "wrong from the start");
  assert.ok(!isDoneAfter("turn", image(4, false), image(9, true, {source: "test", index: 8, name: "test-8", label: 4})), "another image");
  assert.ok(!isDoneAfter("turn", image(4, false), image(9, true, {source: "test", index: 8, name: "test-8", label: 5})));
});

test("the surest mistake is one image", () => {
  assert.ok(isDone(exercise("surest"), situation({})));
  assert.ok(!isDone(exercise("surest"), situation({open: {source: "train", index: 7, label: 4}})));
});

test("going back counts at an earlier epoch that was right, and not with a changed image", () => {
  const right = {prediction: {isEmpty: false, best: 4}};
  assert.ok(isDone(exercise("back"), situation({...right, epoch: 2})));
  assert.ok(!isDone(exercise("back"), situation({...right, epoch: 0})));
  assert.ok(!isDone(exercise("back"), situation({...right, epoch: 2, isChanged: true})));
  assert.ok(!isDone(exercise("back"), situation({epoch: 2})));
});

test("what a later version may ask is never done", () => assert.ok(!isDone(exercise("dance"), situation({}))));
