import {newElement, mountLive} from "../../dom/element.js";
import {afterText} from "../../state/epochs.js";
import {startImageDetails} from "../image-details/image-details.js";
import {makeGallery} from "./gallery.js";
import {classKeys, makeMarks, newMarksBar} from "./marks.js";

/** From this width on, the case stands beside the tiles; below, under the tile that was clicked. */
const WIDE = "(min-width: 1100px)";

/**
 * Start the gallery with the case of the open image, and the marks.
 * @param {object} shared triage, highlight
 * @returns {(selection: Partial<import("./selection.js").Selection>, order?: string) => void} shows these images there
 */
export function startMistakes(session, shared) {
  const {names, frames, images: {test}, payload: {metrics, dataset}} = session;
  const wide = matchMedia(WIDE);
  const marks = makeMarks(test, names);
  const keys = classKeys(names);
  const title = document.querySelector('[data-live="gallery-title"]') ?? newElement("p", {class: "title"});
  let [isOpen, both] = [false, null];

  const open = (name) => {
    session.openImage(name);
    setOpen(true);
    if (wide.matches) theCase.node.scrollIntoView({block: "nearest"});
  };
  const isPast = () => afterText(frames, session.state.epoch) !== "";
  const gallery = makeGallery(session, {...shared, tested: metrics.test, open, isPast, marks, title, onDraw: () => both && arrange()});
  const step = (row, by) => {
    const name = gallery.neighbour(row, by);
    if (name) session.openImage(name);
  };
  const close = () => setOpen(false);
  const theCase = startImageDetails(session, {...shared, step, placeInGallery: gallery.placeOf, marks, keys, close});
  const help = newElement("div", {class: "case-help"}, ...helpLines(keys, names));
  const side = newElement("div", {class: "case-side"}, help);
  const left = newElement("div", {}, title.parentNode ? null : title, gallery.controls, newMarksBar(marks, dataset.name), gallery.node);
  both = newElement("div", {class: "gallery-and-details"}, left, side);

  function setOpen(wanted) {
    const hadFocus = theCase.node.contains(document.activeElement);
    isOpen = wanted;
    arrange();
    if (!wanted && hadFocus) gallery.tiles.focus();
  }

  /** Put the case beside the tiles, or under its own. */
  function arrange() {
    const {node} = theCase;
    const focused = node.contains(document.activeElement) ? document.activeElement : null;
    const tile = wide.matches ? null : gallery.tiles.tileOf(session.open.name);
    help.hidden = isOpen;
    node.hidden = !isOpen;
    if (tile && tile.nextSibling !== node) tile.after(node);
    else if (!tile && node.parentNode !== side) side.append(node);
    focused?.focus({preventScroll: true});
    theCase.followGallery();
  }

  // Without errors there is no section of mistakes, and the gallery stands among the results.
  (document.getElementById("fails") ?? document.getElementById("every-image")).addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const isCase = theCase.node.contains(event.target);
    const stop = isCase ? null : gallery.node.querySelector(".tile[tabindex='0']");
    const isOpenRow = isCase || (isOpen && !event.target.closest(".tile"));
    const row = isOpenRow && session.open.source === "test" ? session.open.row : Number(stop?.dataset.row ?? -1);
    const key = event.key.toLowerCase();
    if (key === "escape" && isOpen && both.contains(event.target)) close();
    else if (event.target.closest("input:not([type=radio]), select") || row < 0) return;
    else if (key === "x") marks.toggle(row);
    else if (keys.includes(key)) marks.set(row, {label: keys.indexOf(key)});
    else if (key === "j" || key === "k") {
      const name = gallery.neighbour(row, key === "j" ? 1 : -1);
      if (name && isOpen) session.openImage(name);
      if (!isCase) gallery.tiles.focus();
    } else return;
    event.preventDefault();
  });

  mountLive("gallery-title");
  mountLive("gallery", both);
  const markOpen = () => {
    gallery.markOpen(session.open.name);
    arrange();
  };
  wide.addEventListener("change", arrange);
  session.subscribe((_, changed) => {
    if (changed.has("image")) markOpen();
    if (changed.has("epoch")) gallery.summarise();
  });
  gallery.markOpen(session.open.name);
  setOpen(session.state.image !== "" && wide.matches);

  return (selection, order) => {
    gallery.choose(selection, order);
    document.getElementById("every-image").scrollIntoView({block: "start"});
    gallery.controls.querySelector("select").focus({preventScroll: true});
  };
}

/** Return what stands beside the tiles while no case is open. */
function helpLines(keys, names) {
  const line = (key, words) => [newElement("dt", {}, newElement("kbd", {}, key)), newElement("dd", {}, words)];
  const range = line(keys.join(" "), `choose the correct class${keys[0] === "0" ? `: ${names[0]} to ${names[names.length - 1]}` : " by its initial"}`);
  return [
    newElement("p", {}, "Choose an image: its case opens here."),
    newElement("dl", {}, ...line("j k", "next and previous image"), ...line("Enter", "open the case"), ...line("x", "mark the label as wrong"), ...(keys.length ? range : []), ...line("Esc", "close the case")),
  ];
}
