import {parseHash} from "./hash.js";
import {showTheme} from "./theme.js";

// Before anything is painted: a dark page must not flash white.
showTheme(document, parseHash(location.hash).theme);
