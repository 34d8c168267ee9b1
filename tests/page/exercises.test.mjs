import assert from "node:assert/strict";
import test from "node:test";
import {isDone} from "../../src/convscope/page/js/views/exercises/exercises.js";

const situation = (changes) => ({
  open: {source: "test", index: 7, label: 4}, prediction: {isEmpty: false, best: 9}, epoch: 0, isChanged: false, ...changes,
});
const exercise = (kind) => ({kind, text: "", label: 4, answer: 9, image: 7});

test("a drawing counts by what it is taken for", () => {
  const drawing = {source: "drawing", index: null, label: null};
  assert.ok(isDone(exercise("draw"), situation({open: drawing})));
  assert.ok(!isDone(exercise("draw"), situation({open: drawing, prediction: {isEmpty: true, best: 9}})));
  assert.ok(!isDone(exercise("draw"), situation({open: drawing, prediction: {isEmpty: false, best: 4}})));
  assert.ok(!isDone(exercise("draw"), situation({})));
});

test("an image that is taken for another class counts only once it was changed", () => {
  assert.ok(!isDone(exercise("turn"), situation({})));
  assert.ok(isDone(exercise("turn"), situation({isChanged: true})));
  assert.ok(!isDone(exercise("turn"), situation({isChanged: true, open: {source: "test", index: 8, label: 5}})));
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
