/**
 * Where the reader is on the page.
 * @typedef {{y: number, focus: string}} Position `focus`: selector of the focused element
 * @typedef {ReturnType<typeof trackPosition>} PagePosition
 */

/** Milliseconds for which a place is held while views above it are drawn. */
const HOLD = 1500;
/** Frames without motion after which a smooth scroll has ended; not all browsers tell. */
const STILL = 4;
/** Windows beyond which a scroll is instant: on a long way, views are drawn and change their heights. */
const FAR = 1.5;

export function trackPosition() {
  let [pressed, isUsed, hasMoved, frame] = [document.body, false, false, 0];
  for (const type of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(type, () => {
      cancelAnimationFrame(frame);
      hasMoved = true;
    }, {passive: true, capture: true});
  }
  for (const type of ["keydown", "click"]) {
    addEventListener(type, ({target}) => {
      [isUsed, pressed] = [true, target.closest?.("a, button, summary, [tabindex]") ?? document.body];
    }, true);
  }

  /** Call `align`, and again until the reader moves or nothing has moved for a while. @param {() => void} align */
  function hold(align) {
    cancelAnimationFrame(frame);
    let [end, last, still] = [performance.now() + HOLD, NaN, 0];
    const look = () => {
      still = scrollY === last ? still + 1 : 0;
      if (!still) end = Math.max(end, performance.now() + HOLD / 2);
      last = scrollY;
      if (still >= STILL) align();
      if (performance.now() < end) frame = requestAnimationFrame(look);
    };
    look();
  }

  /** @param {string} place an anchor @param {ScrollBehavior} [behavior] */
  function goTo(place, behavior) {
    const align = (way) => visiblePlace(place)?.scrollIntoView({behavior: way, block: "start"});
    const distance = visiblePlace(place)?.getBoundingClientRect().top ?? 0;
    align(behavior ?? (Math.abs(distance) > FAR * innerHeight ? "instant" : "auto"));
    hold(() => align("instant"));
  }

  return {
    /** @returns {Position} */
    position() {
      // Safari does not focus a button that is clicked.
      return {y: scrollY, focus: pathTo(document.activeElement === document.body ? pressed : document.activeElement)};
    },

    goTo,

    /** @param {Position | undefined} position @param {string} place where there is none */
    goBack(position, place) {
      if (!position) {
        if (place) goTo(place);
        return;
      }
      let isFocused = false;
      const align = () => {
        scrollTo({top: position.y, behavior: "instant"});
        if (isFocused) return;
        const known = document.querySelector(position.focus);
        const wanted = known?.getClientRects().length ? known : visiblePlace(place);
        wanted?.focus({preventScroll: true});
        isFocused = document.activeElement === wanted;
      };
      align();
      isFocused = false; // views may yet move it
      hold(align);
    },

    isUsed: () => isUsed,
    hasMoved: () => hasMoved,
  };
}

/** Return the element of an anchor, or what is around it where a live view has taken its place. */
function visiblePlace(place) {
  let element = document.getElementById(place);
  while (element && !element.getClientRects().length) element = element.parentElement;
  return element;
}

/** Return a selector: from the next element with an id down. */
function pathTo(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const {parentElement: parent} = element;
  return parent ? `${pathTo(parent)} > :nth-child(${[...parent.children].indexOf(element) + 1})` : ":root";
}
