import {mountLive} from "../../dom/mount.js";
import {linkDiagram} from "./architecture.js";
import {newPixelReader} from "./pixel-reader.js";
import {newSampleWall} from "./sample-wall.js";

/** Start what can be pointed at in the section on data and architecture; without scripts, it is drawn. */
export function startData(session) {
  mountLive("first-image", newPixelReader(session));
  const wall = newSampleWall(session);
  if (wall) mountLive("samples", wall);
  linkDiagram(session);
}
