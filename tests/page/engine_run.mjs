// Runs the page's engine on what test_engine.py wrote, and writes what came out: node engine_run.mjs cases.json results.json
import {readFileSync, writeFileSync} from "node:fs";
import {inputGradient} from "../../src/convscope/page/js/network/gradient.js";
import {makeNetwork, makeWorkspace, runNetwork} from "../../src/convscope/page/js/network/network.js";
import {unusedPixels, receptiveField} from "../../src/convscope/page/js/network/receptive-field.js";
import {explainUnit} from "../../src/convscope/page/js/network/unit-arithmetic.js";

const [, , from, to] = process.argv;
const cases = JSON.parse(readFileSync(from, "utf-8"));
const results = Object.fromEntries(Object.entries(cases).map(([name, each]) => [name, resultsOf(each)]));
writeFileSync(to, JSON.stringify(results, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value)));

function resultsOf({description, weights, inputs, units, places, classIndex}) {
  const arrays = Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, Float32Array.from(values)]));
  const network = makeNetwork(description, arrays);
  const workspace = makeWorkspace(network); // one for all, so that what a run leaves behind would be seen in the next
  const runs = inputs.map((pixels) => structuredClone(runNetwork(network, pixels, workspace)));
  return {
    unknown: network.unknown,
    runs,
    explanations: units.map(([layer, place]) => explainUnit(network, inputs[0], runs[0].activations, layer, place)),
    gradient: inputGradient(network, inputs[0], runs[0], classIndex),
    fields: places.map(([layer, place]) => receptiveField(network, layer, place)),
    blind: unusedPixels(network),
  };
}
