import {goToPlace, startAddress} from "./address.js";
import {startContents} from "./contents.js";
import {startExercises} from "./exercises/exercises.js";
import {startFilm} from "./film/film.js";
import {startInsides} from "./insides/insides.js";
import {startKeys} from "./keys.js";
import {startLive} from "./live.js";
import {startPlayground} from "./playground.js";
import {startResults} from "./results/results.js";
import {startScrollers} from "./scrollers.js";
import {afterPaint, nextSlice} from "./slices.js";
import {startSorting} from "./sorting.js";
import {startThemeSwitch} from "./theme.js";

/** What needs the network or the images, and the sections of which one at least must be there. */
const LIVE_PARTS = [
  {start: startPlayground, sections: ["playground"]},
  {start: startKeys, sections: ["keys"]},
  {start: startInsides, sections: ["inside"]},
  {start: startResults, sections: ["good", "fails"]},
  {start: startFilm, sections: ["learned"]},
  {start: startExercises, sections: ["yourself"]},
];

const state = startAddress();
startThemeSwitch(document, state);
startContents(document);
startSorting(document);
const goThere = goToPlace(document, state.values.place);
bringToLife(document).catch((fault) => {
  const note = document.getElementById("playground-problem");
  note?.replaceChildren("The network could not be started in this browser. The report below is complete without it.");
  note?.removeAttribute("hidden");
  reportError(fault);
});

/**
 * The rest waits until the page is seen: the text is there to be read, whatever happens here.
 *
 * @param {Document} page
 */
async function bringToLife(page) {
  await afterPaint();
  const payload = JSON.parse(page.getElementById("payload").textContent);
  const live = await startLive(page, payload, state);
  page.documentElement.classList.add("is-live");
  for (const {start, sections} of LIVE_PARTS) {
    if (!sections.some((id) => page.getElementById(id))) continue;
    await nextSlice();
    try {
      await start(page, live);
    } catch (fault) {
      reportError(fault); // one part that fails takes no other with it
    }
  }
  goThere();
  startScrollers(page); // once the live views have taken the places of the drawings
  page.documentElement.dataset.ready = "true";
}
