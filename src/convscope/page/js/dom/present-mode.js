/**
 * Start the present mode, for a room: the stage alone, in large type. The key `p` and a button enter and leave it; Escape
 * leaves it once nothing else is open.
 *
 * @param {import("../state/session.js").Session} session
 */
export function startPresentMode(session) {
  const button = document.getElementById("present-button");
  const {classList} = document.documentElement;
  const toggle = (isWanted) => {
    classList.toggle("is-presenting", isWanted);
    button.textContent = isWanted ? "Leave (Esc)" : "Present";
    if (isWanted) scrollTo(0, 0);
  };
  const isOuter = () => {
    const {layer, unit, target, change} = session.state;
    return !layer && !unit && target < 0 && !change && !document.querySelector("dialog[open], [popover]:popover-open");
  };
  button.hidden = false;
  button.addEventListener("click", () => toggle(!classList.contains("is-presenting")));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea")) return;
    if (event.key === "p") toggle(!classList.contains("is-presenting"));
    else if (event.key === "Escape" && classList.contains("is-presenting") && isOuter()) toggle(false);
    else return;
    event.preventDefault();
  });
}
