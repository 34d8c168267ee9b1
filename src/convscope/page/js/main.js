import {startContents, startShortcuts, startScrollers, startThemeSwitch} from "./dom/page-behaviour.js";
import {afterPaint, nextSlice} from "./dom/scheduling.js";
import {startSorting} from "./dom/sortable-table.js";
import {goToPlace, startNavigation} from "./state/navigation.js";
import {startSession} from "./state/session.js";
import {startEpochs} from "./views/epochs/epochs.js";
import {startExercises} from "./views/exercises/exercises.js";
import {startInspector} from "./views/inspector/inspector.js";
import {startPlayground} from "./views/playground/playground.js";
import {startResults} from "./views/results/results.js";

/** The parts that need the network or the images, and the sections of which at least one must exist. */
const LIVE_PARTS = [
  {start: startPlayground, sections: ["playground"]},
  {start: startShortcuts, sections: ["keys"]},
  {start: startInspector, sections: ["inside"]},
  {start: startResults, sections: ["good", "fails"]},
  {start: startEpochs, sections: ["learned"]},
  {start: startExercises, sections: ["yourself"]},
];

const state = startNavigation();
startThemeSwitch(document, state);
startContents(document);
startSorting(document);
const goThere = goToPlace(document, state.values.place);
bringToLife(document).catch((fault) => {
  const note = document.getElementById("playground-problem");
  note?.replaceChildren("The network could not start in this browser. The report below is complete without it.");
  note?.removeAttribute("hidden");
  reportError(fault);
});

/** Start the live parts after the first paint: the text is readable whatever fails here. */
async function bringToLife(page) {
  await afterPaint();
  const payload = JSON.parse(page.getElementById("payload").textContent);
  const session = await startSession(page, payload, state);
  page.documentElement.classList.add("is-live");
  for (const {start, sections} of LIVE_PARTS) {
    if (!sections.some((id) => page.getElementById(id))) continue;
    await nextSlice();
    try {
      await start(page, session);
    } catch (fault) {
      reportError(fault); // one failing part must not stop the others
    }
  }
  goThere();
  startScrollers(page); // after the live views have replaced the drawings
  page.documentElement.dataset.ready = "true";
}
