import assert from "node:assert/strict";
import test from "node:test";
import {INITIAL_STATE} from "../../src/convscope/page/js/state/state.js";
import {formatHash, readHash} from "../../src/convscope/page/js/state/url-hash.js";

const state = (changes) => ({...INITIAL_STATE, ...changes});

const parseHash = (hash) => readHash(hash).state;

test("an empty hash is the state of the start", () => {
  assert.deepEqual(parseHash(""), INITIAL_STATE);
  assert.equal(formatHash(INITIAL_STATE), "");
});

test("what is written is read back", () => {
  for (const place of ["", "figure-loss", "figure-a b&c=d%", "שלום"]) {
    for (const theme of ["auto", "light", "dark"]) {
      const whole = state({
        place, theme, image: "test-123", ink: "b1-.Zz_", change: "turn:-15,noise:0.2", epoch: 3, layer: "a&b=c/ü",
        unit: "3.4.15", scale: "all", target: 0,
      });
      assert.deepEqual(parseHash(formatHash(whole)), whole);
      assert.deepEqual(parseHash(formatHash(state({place, theme}))), state({place, theme}));
    }
  }
});

test("a plain anchor is a place, and no whole state", () => {
  assert.deepEqual(parseHash("#figure-loss"), state({place: "figure-loss"}));
});

test("what is as at the start is not written", () => {
  assert.equal(formatHash(state({place: "good", theme: "dark", epoch: 0, target: -1})), "#good&theme=dark");
  assert.equal(formatHash(state({image: "train-5", change: "turn:15,right:2"})), "#image=train-5&change=turn:15,right:2");
});

test("nonsense is not an error", () => {
  assert.deepEqual(parseHash("#%E0%A4%A&theme=purple"), state({place: "%E0%A4%A"}));
  assert.deepEqual(parseHash("#theme=__proto__&__proto__=1&constructor=2"), INITIAL_STATE);
  assert.deepEqual(parseHash("#image=<b>&epoch=-1&unit=1.x&scale=wide&target=-5&ink=%20&change=<&=&&"), INITIAL_STATE);
});

test("parts that say nothing are named, the others are read", () => {
  for (const [hash, unread] of [
    ["#good&image=test-3", []], ["#colour=red&image=test-3", ["colour=red"]], ["#good&image=nonsense", ["image=nonsense"]],
    ["#good&epoch=-1&unit=a", ["epoch=-1", "unit=a"]], ["#image=test-3&", [""]], ["#good&%zz", ["%zz"]],
  ]) {
    const found = readHash(hash);
    assert.deepEqual(found.unread, unread);
    assert.deepEqual(found.state, parseHash(hash));
  }
});
