import {showTheme} from "./dom/page-behaviour.js";
import {parseHash} from "./state/url-hash.js";

// Before the first paint: a dark page must not flash white.
showTheme(parseHash(location.hash).theme);
// Space for live views is reserved from the start, so that nothing moves when they appear.
document.documentElement.classList.add("has-scripts");
