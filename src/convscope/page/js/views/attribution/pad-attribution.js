import {computeAttribution, ATTRIBUTION_METHODS} from "../../attribution/compute.js";
import {drawAttribution} from "../../attribution/maps.js";
import {newElement, newGlossaryButton, quotedName, refill, writeText} from "../../dom/element.js";
import {ScaleLegend} from "../../dom/scale-legend.js";
import {nextSlice} from "../../dom/scheduling.js";
import {onThemeChange, themeColors} from "../../dom/theme-colors.js";
import {channelRanges, evenRange, formatNumber} from "../../image/color/range.js";

/** Milliseconds without a change before the computation starts. */
const QUICK_REST = 30;

/** Lay the attribution for the class that is asked about over the image on the pad, by one of three methods. */
export function startPadAttribution(session) {
  const box = document.querySelector(".pad-box");
  if (!box || !session.run?.probabilities) return;
  const {names, shape: {height, width}} = session;
  const sheet = newElement("canvas", {id: "pad-attribution", width, height, role: "img", hidden: true});
  const controls = newElement("section", {id: "pad-attribution-controls", "aria-label": "Attribution", hidden: true});
  const view = makeControls(controls, {
    onMethod: () => draw(),
    onClose: () => session.set({target: -1}),
  });
  box.append(sheet);
  box.parentElement.append(controls);
  let [asked, results, image, isDrawing] = [0, {}, null, false];

  /** Everything that was begun before is given up. */
  async function begin() {
    const mine = ++asked;
    const {state: {target}, network, open} = session;
    const isOn = target >= 0 && target < names.length;
    controls.hidden = !isOn;
    delete controls.dataset.done;
    [results, sheet.hidden] = [{}, true];
    if (!isOn) return;
    refill(view.title, "Why ", ...quotedName(names[target]), "?");
    image = Float32Array.from(open.pixels);
    writeText(view.found, "");
    const isWanted = () => mine === asked && !isDrawing;
    await new Promise((resolve) => setTimeout(resolve, QUICK_REST));
    await nextSlice();
    if (!isWanted()) return;
    const isWhole = await computeAttribution(network, image, [target], {isWanted, show(way, [found]) {
      results[way] = found;
      draw();
    }});
    if (isWhole) controls.dataset.done = `${open.name} ${target}`;
  }

  function draw() {
    const method = ATTRIBUTION_METHODS.find(({way}) => way === view.method());
    const result = results[method.way];
    controls.dataset.method = method.way;
    sheet.hidden = !result || isDrawing;
    writeText(view.words, method.words);
    writeText(view.found, result ? method.tell(result.found) : "Computing…");
    controls.dataset.sum = result ? String(result.found.sum ?? result.found.drop) : "";
    if (!result) return;
    const colors = themeColors(session);
    const scale = {...evenRange(channelRanges(result.values, 1)[0]), table: colors.signed};
    drawAttribution(sheet, result.values, scale, image, colors);
    view.legend.show(scale, (value) => (value > 0 ? `+${formatNumber(value)}` : formatNumber(value)));
    sheet.setAttribute("aria-label", `${method.title} for ${names[session.state.target]}. ${view.found.textContent}`);
  }

  // While a stroke is drawn, it is the stroke that one wants to see.
  box.addEventListener("pointerdown", () => {
    isDrawing = true;
    sheet.hidden = true;
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    addEventListener(kind, () => {
      if (!isDrawing) return;
      isDrawing = false;
      begin();
    });
  }
  session.subscribe((_, changed) => {
    if (changed.has("target") || (changed.has("run") && session.state.target >= 0)) begin();
  });
  onThemeChange(session, draw);
  begin();
}

/** Create the switch of the methods, what the shown one found, and the way out. */
function makeControls(node, {onMethod, onClose}) {
  const [title, found, words] = [newElement("strong"), newElement("p", {class: "attribution-result"}), newElement("p")];
  const close = newElement("button", {type: "button", "aria-label": "Close the attribution", click: onClose}, "✕");
  const legend = new ScaleLegend();
  const radios = ATTRIBUTION_METHODS.map(({way, title: name}, place) => {
    const input = newElement("input", {type: "radio", name: "attribution-method", value: way, checked: place === 0, change: onMethod});
    return {input, label: newElement("label", {}, input, newElement("span", {}, name))};
  });
  const choice = newElement("fieldset", {class: "scale-choice"}, newElement("legend", {class: "visually-hidden"}, "Method"), ...radios.map(({label}) => label));
  const more = newElement("details", {}, newElement("summary", {}, "About this method"), words);
  const about = newElement("p", {class: "quiet"}, "Red or orange raises the logit, blue lowers it", newGlossaryButton("logit"),
    ". The three methods answer different questions, so they may differ.");
  node.append(newElement("div", {class: "attribution-head"}, title, close), choice, legend.element, found, about, more);
  return {title, found, words, legend, method: () => radios.find(({input}) => input.checked).input.value};
}
