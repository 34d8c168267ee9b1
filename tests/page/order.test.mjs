import assert from "node:assert/strict";
import test from "node:test";
import {sortedIndices} from "../../src/convscope/page/js/dom/sortable-table.js";

test("numbers are ordered as numbers", () => {
  assert.deepEqual(sortedIndices(["10", "9", "0.5"], "ascending"), [2, 1, 0]);
  assert.deepEqual(sortedIndices(["10", "9", "0.5"], "descending"), [0, 1, 2]);
});

test("names are ordered as names", () => assert.deepEqual(sortedIndices(["owl", "ant", "Bee"], "ascending"), [1, 2, 0]));

test("equals stay as they were, in both directions", () => {
  assert.deepEqual(sortedIndices(["1", "1", "0"], "ascending"), [2, 0, 1]);
  assert.deepEqual(sortedIndices(["1", "1", "0"], "descending"), [0, 1, 2]);
});

