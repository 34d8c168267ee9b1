import {startContents} from "./contents.js";
import {startSorting} from "./sorting.js";
import {goToPlace, startThemeSwitch} from "./theme.js";

startThemeSwitch(document);
startContents(document);
startSorting(document);
goToPlace(document);
