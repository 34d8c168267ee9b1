import {mountLive, newShape} from "../../dom/element.js";
import {newPixelReader} from "./pixel-reader.js";
import {newSampleWall} from "./sample-wall.js";

/** Start what can be pointed at in the section on data and architecture; without scripts, it is drawn. */
export function startData(session) {
  mountLive("first-image", newPixelReader(session));
  const wall = newSampleWall(session);
  if (wall) mountLive("samples", wall);
  linkDiagram(session);
}

/**
 * Let the blocks of the diagram open their layers in the stage: each reaches half-way to its neighbours.
 *
 * The rows below the blocks are cut off: the table of layers has them, with more.
 */
function linkDiagram(session) {
  const drawing = document.querySelector("#figure-model_diagram svg[role=img]");
  if (!drawing || !session.network || !drawing.getClientRects().length) return;
  const texts = [...drawing.querySelectorAll("text")];
  const [left, top, width] = drawing.getAttribute("viewBox").split(" ").map(Number);
  const blocks = session.network.layers.flatMap(({name}) => {
    const box = texts.find(({textContent}) => textContent.trim() === name)?.getBBox();
    return box ? [{name, box, middle: box.x + box.width / 2}] : [];
  }).filter(({box}, _, [first]) => Math.abs(box.y - first.box.y) < 1); // a long chain has names in its table only
  if (blocks.length < 2) return;
  const reach = Math.min(...blocks.slice(1).map(({middle}, place) => middle - blocks[place].middle)) / 2;
  const height = Math.max(...blocks.map(({box}) => box.y + 2.2 * box.height)) - top;
  const shapes = blocks.map(({name, box, middle}) => {
    const from = Math.max(left, middle - reach);
    const attributes = {
      class: "layer-link", role: "button", tabindex: "0", "aria-label": `Open ${name} in the network`,
      x: from, y: top, width: Math.min(left + width, middle + reach) - from, height,
    };
    const shape = newShape("rect", attributes, newShape("title", {}, `Open ${name}`));
    const open = () => session.set({layer: name, unit: ""});
    shape.addEventListener("click", open);
    shape.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open();
    });
    return {name, shape};
  });
  drawing.setAttribute("role", "group"); // the parts of a picture could not be reached
  drawing.setAttribute("viewBox", `${left} ${top} ${width} ${height}`);
  drawing.append(...shapes.map(({shape}) => shape));
  session.follow(["layer"], () => shapes.forEach(({name, shape}) => shape.toggleAttribute("data-on", name === session.state.layer)));
}
