import assert from "node:assert/strict";
import test from "node:test";
import {formatHash, parseHash} from "../../src/convscope/page/web/js/hash.js";

test("an empty hash is no place and the automatic theme", () => {
  assert.deepEqual(parseHash(""), {place: "", theme: "auto"});
  assert.equal(formatHash({place: "", theme: "auto"}), "");
});

test("what is written is read back", () => {
  for (const place of ["", "figure-loss", "figure-a b&c=d%", "שלום"]) {
    for (const theme of ["auto", "light", "dark"]) {
      assert.deepEqual(parseHash(formatHash({place, theme})), {place, theme});
    }
  }
});

test("a plain anchor is a place", () => assert.deepEqual(parseHash("#figure-loss"), {place: "figure-loss", theme: "auto"}));

test("nonsense is not an error", () => {
  assert.deepEqual(parseHash("#%E0%A4%A&theme=purple"), {place: "%E0%A4%A", theme: "auto"});
  assert.deepEqual(parseHash("#theme=__proto__"), {place: "", theme: "auto"});
});
