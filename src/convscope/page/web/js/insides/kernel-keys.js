import {formatNumber} from "../image/scale.js";
import {newNode} from "./node.js";
import {pictureAfter, weightsOfPicture} from "./weight-tiles.js";

/** Milliseconds of rest after which a picture that was walked to is said aloud. */
const KERNEL_SAID_AFTER = 250;

/**
 * The keys of a board of weights: arrows go from picture to picture, Enter opens the unit that a click would open, and what is
 * marked is said aloud.
 *
 * @param {Document} page
 * @param {import("./kernel-board.js").KernelBoard} board
 * @param {(takesFocus: boolean) => void} goToUnit
 */
export function startKernelKeys(page, board, goToUnit) {
  const {room, tiles} = board;
  const said = newNode(page, "p", {class: "unseen", role: "status"});
  room.after(said);
  let [at, waiting] = [null, 0];

  room.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      if (!at || !board.open(at)) return;
      goToUnit(true);
    } else {
      const next = pictureAfter(tiles, at, event.key, board.layout.perLine);
      if (!next) return;
      at = {...next, ...heaviest(tiles, board.kernel, next)};
      board.showUnder(at);
      showMarked();
      tellLater();
    }
    event.preventDefault();
    event.stopPropagation();
  });
  room.addEventListener("blur", () => {
    if (at) board.showUnder(null);
    at = null;
  });

  function tellLater() {
    clearTimeout(waiting);
    const numbers = board.isWritten ? ` ${weightsOfPicture(tiles, board.kernel, at.output, at.channel).map((each) => formatNumber(each)).join(", ")}` : "";
    waiting = setTimeout(() => { said.textContent = board.told.textContent + numbers; }, KERNEL_SAID_AFTER);
  }

  /** Keeps the picture in sight, in a board that is wider than its room. */
  function showMarked() {
    const {left, right} = board.frameOfPicture(at);
    const {scale} = board.picture;
    if (left * scale < room.scrollLeft) room.scrollLeft = left * scale;
    else if (right * scale > room.scrollLeft + room.clientWidth) room.scrollLeft = right * scale - room.clientWidth;
  }
}

/** The weight of a picture that is worth a word: that of the greatest magnitude. */
function heaviest(tiles, kernel, {output, channel}) {
  const weights = weightsOfPicture(tiles, kernel, output, channel);
  const place = weights.reduce((best, weight, each) => (Math.abs(weight) > Math.abs(weights[best]) ? each : best), 0);
  return {row: Math.floor(place / tiles.columns), column: place % tiles.columns};
}
