import {whenParsed} from "./data/typed-arrays.js";
import {startContents, startFolds, startGlossary, startScrollers, startThemeSwitch, renumberFigures} from "./dom/page-behaviour.js";
import {trackPosition} from "./dom/page-position.js";
import {afterPaint, nextSlice} from "./dom/scheduling.js";
import {startShortcuts, startPresentMode} from "./dom/shortcuts.js";
import {startSorting} from "./dom/sortable-table.js";
import {startNavigation} from "./state/navigation.js";
import {startSession} from "./state/session.js";
import {startPadAttribution} from "./views/attribution/pad-attribution.js";
import {startData} from "./views/data/data.js";
import {startEpochs} from "./views/epochs/epochs.js";
import {startExercises} from "./views/exercises/exercises.js";
import {startInspector} from "./views/inspector/inspector.js";
import {startOpenImageBar} from "./views/playground/open-image-bar.js";
import {startPlayground} from "./views/playground/playground.js";
import {startBaseline} from "./views/results/baseline.js";
import {startResults} from "./views/results/results.js";
import {startUncertainty} from "./views/results/uncertainty.js";
import {startTakeAlong} from "./views/take-along/take-along.js";

/** The parts that need the network or the images, and the sections of which at least one must exist. */
const LIVE_PARTS = [
  {start: startPlayground, sections: ["playground"]},
  {start: startRest, sections: ["playground"]},
  {start: startOpenImageBar, sections: ["playground"]},
  {start: startEpochs, sections: ["playground", "learned"]},
  {start: startExercises, sections: ["playground"]},
  {start: startPresentMode, sections: ["playground"]},
  {start: startPadAttribution, sections: ["playground"]},
  {start: startShortcuts, sections: ["keys"]},
  {start: startInspector, sections: ["inside-panel"]},
  {start: startData, sections: ["saw"]}, // before the results, which link its classes
  {start: startResults, sections: ["good", "fails"]},
  {start: startUncertainty, sections: ["sure"]},
  {start: startBaseline, sections: ["verdict"]},
  {start: startTakeAlong, sections: ["yourself"]},
];

/** Milliseconds of starting between two looks at input. Each look paints the page, which costs as much as some parts. */
const PART_SLICE = 50;

const position = trackPosition();
const state = startNavigation(position);
startThemeSwitch(state);
// Browsers find `#place` but not `#place&theme=dark`, and live views above an anchor move it.
const goThere = () => state.values.place && !position.hasMoved() && position.goTo(state.values.place, "instant");
whenParsed(document).then(() => {
  startContents();
  startFolds(state);
  startGlossary();
  startSorting();
  if (location.hash.includes("&")) goThere();
});
bringToLife().catch((fault) => {
  const note = document.getElementById("playground-problem");
  note?.replaceChildren("The network could not start in this browser. The report below is complete without it.");
  note?.removeAttribute("hidden");
  document.documentElement.dataset.ready = "failed";
  reportError(fault);
});

/** What the first screen does not wait for: it is live before the rest of the page is parsed. */
async function startRest(session) {
  await whenParsed(document);
  await session.readReferenceImages();
}

/** Start the live parts after the first paint: the text is readable whatever fails here. */
async function bringToLife() {
  await afterPaint();
  const payload = JSON.parse(document.getElementById("payload").textContent);
  const session = await startSession(payload, state);
  let pause = 0;
  for (const {start, sections} of LIVE_PARTS) {
    if (!sections.some((id) => document.getElementById(id))) continue;
    if (performance.now() > pause) {
      await nextSlice();
      pause = performance.now() + PART_SLICE;
    }
    try {
      await start(session);
    } catch (fault) {
      reportError(fault); // one failing part must not stop the others
    }
  }
  renumberFigures();
  goThere();
  startScrollers(); // after the live views have replaced the drawings
  document.documentElement.dataset.ready = "true";
}
