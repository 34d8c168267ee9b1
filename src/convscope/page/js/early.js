import {showTheme} from "./dom/page-behaviour.js";
import {parseHash} from "./state/url-hash.js";

// Before anything is painted: a dark page must not flash white.
showTheme(document, parseHash(location.hash).theme);
// What needs scripts is there from the start, so that nothing moves when it comes to life.
document.documentElement.classList.add("has-scripts");
