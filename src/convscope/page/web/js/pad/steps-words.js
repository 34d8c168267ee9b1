/**
 * What each step of the preparation did, in numbers. Pure: knows no document.
 *
 * @typedef {import("./hand.js").Prepared} Prepared
 * @typedef {{key: string, name: string, text: (prepared: Prepared) => string, isPhotoOnly: boolean}} Step
 */

/** @type {Step[]} in their order; `key` is the switch in prepareDigit's settings */
export const PREPARATION_STEPS = [
  {key: "polarity", name: "Polarity", isPhotoOnly: true, text: polarityText},
  {key: "ground", name: "Ground", isPhotoOnly: true, text: groundText},
  {key: "crop", name: "Crop", isPhotoOnly: false, text: cropText},
  {key: "fit", name: "Fit", isPhotoOnly: false, text: fitText},
  {key: "contrast", name: "Contrast", isPhotoOnly: false, text: contrastText},
  {key: "centre", name: "Centre", isPhotoOnly: false, text: centreText},
];

/** How large the picture is, and what was found in it. @param {Prepared} prepared @param {{height: number, width: number}} picture */
export function pictureText({found}, {height, width}) {
  const size = `${height} × ${width} pixels`;
  if (found && found.count > 1) return `${size}; ${found.count} digits found, the largest is taken`;
  return found?.isCleared ? `${size}; its paper was cleared away` : size;
}

function polarityText({found, steps: {polarity: {border, inverted}}}) {
  if (found && (found.isCleared || found.count > 1)) return "ink made bright";
  return inverted ? `border at ${border} of 255: inverted` : `border at ${border} of 255: kept`;
}

function groundText({steps: {ground: {level, cut}}}) {
  return `${level} taken off, then what is up to ${cut} dropped`;
}

function cropText({steps: {crop: {box}}}) {
  return box ? `ink in rows ${box.top}–${box.bottom}, columns ${box.left}–${box.right}` : "no ink";
}

function fitText({steps: {crop: {box}, fit: {scale, height, width}}}) {
  if (!box) return "no ink";
  return `× ${scale.toFixed(3)}: ${Math.round(height)} × ${Math.round(width)} pixels`;
}

function contrastText({steps: {contrast: {peak}}}) {
  return peak === 0 ? "no ink" : peak >= 254 ? `brightest ${peak}: kept` : `brightest ${peak} becomes 255`;
}

function centreText({steps: {centre: {mass, shift: [down, right], limited}}}) {
  if (!mass) return "no ink";
  const moves = [
    down && `${Math.abs(down)} ${down > 0 ? "down" : "up"}`,
    right && `${Math.abs(right)} ${right > 0 ? "right" : "left"}`,
  ].filter(Boolean);
  const at = `mass at (${mass[0].toFixed(1)}, ${mass[1].toFixed(1)})`;
  return `${at}: ${moves.length ? `moved ${moves.join(", ")}` : "not moved"}${limited ? ", as far as the frame allows" : ""}`;
}
