import {mountLive} from "../../dom/mount.js";
import {linkDiagram} from "./architecture.js";
import {newPixelReader} from "./pixel-reader.js";
import {newSampleWall} from "./sample-wall.js";

/** Start what can be pointed at in the section on data and architecture; without scripts, it is drawn. */
export function startData(page, session) {
  mountLive(page, "first-image", newPixelReader(page, session));
  const wall = newSampleWall(page, session);
  if (wall) mountLive(page, "samples", wall);
  linkDiagram(page, session);
}
