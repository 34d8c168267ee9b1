import {readHash} from "./state/url-hash.js";

// Before the first paint: a dark page must not flash white.
document.documentElement.dataset.theme = readHash(location.hash).state.theme;
// Space for live views is reserved from the start, so that nothing moves when they appear.
document.documentElement.classList.add("has-scripts");
