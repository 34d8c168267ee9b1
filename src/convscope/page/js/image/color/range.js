/**
 * Ranges of colour scales and the labels of their legends. Pure: no DOM.
 * @typedef {import("./paint.js").ValueRange} ValueRange
 * @typedef {{shape: number[], data: ArrayLike<number>}} Layer data in row order, the channel last
 * @typedef {"channel" | "layer" | "all"} ScaleMode
 */

/** Options of the colour-scale switch. */
export const SCALE_MODES = ["channel", "layer", "all"];

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * Return a range for each channel of each layer: of the channel, of its layer or of all layers.
 *
 * No range is empty; ranges of signed values are symmetric about zero, others begin there, however small the least number is.
 * @param {Record<string, Layer>} layers
 * @param {{signed?: boolean}} [options]
 * @returns {Record<string, ValueRange[]>}
 */
export function scaleRanges(layers, mode, {signed = false} = {}) {
  if (!SCALE_MODES.includes(mode)) throw new RangeError(`unknown scale mode: ${mode}`);
  const own = Object.entries(layers).map(([name, {shape, data}]) => [name, channelRanges(data, shape[shape.length - 1])]);
  const finish = signed ? evenRange : rangeFromZero;
  const overall = finish(joinedRange(own.flatMap(([, ranges]) => ranges)));
  const chosen = own.map(([name, ranges]) => {
    if (mode === "channel") return [name, ranges.map(finish)];
    const shared = mode === "layer" ? finish(joinedRange(ranges)) : overall;
    return [name, ranges.map(() => shared)];
  });
  return Object.fromEntries(chosen);
}

/** Return minimum and maximum of each channel, ignoring NaN. @returns {ValueRange[]} */
export function channelRanges(data, channels) {
  const least = new Float64Array(channels).fill(Infinity);
  const greatest = new Float64Array(channels).fill(-Infinity);
  for (let place = 0; place < data.length; ) {
    for (let channel = 0; channel < channels; channel++, place++) {
      const value = data[place];
      if (value < least[channel]) least[channel] = value;
      if (value > greatest[channel]) greatest[channel] = value;
    }
  }
  return Array.from(least, (minimum, channel) => ({minimum, maximum: greatest[channel]}));
}

/** @param {ValueRange[]} ranges @returns {ValueRange} over all of them */
export function joinedRange(ranges) {
  const minimum = ranges.reduce((least, range) => Math.min(least, range.minimum), Infinity);
  const maximum = ranges.reduce((greatest, range) => Math.max(greatest, range.maximum), -Infinity);
  return {minimum, maximum};
}

/** @param {ValueRange} range @returns {ValueRange} */
function rangeFromZero({maximum}) {
  return {minimum: 0, maximum: maximum > 0 ? maximum : 1};
}

/** Return a range symmetric about zero. @param {ValueRange} range @returns {ValueRange} */
export function evenRange({minimum, maximum}) {
  const extent = maximum >= minimum ? Math.max(Math.abs(minimum), Math.abs(maximum)) || 1 : 1;
  return {minimum: -extent, maximum: extent};
}

/** Return at most `count` round values within a range: multiples of 1, 2 or 5 times a power of ten. */
export function niceTicks(minimum, maximum, count = 5) {
  if (!(maximum > minimum) || !Number.isFinite(maximum - minimum)) return Number.isFinite(minimum) ? [minimum] : [];
  for (let power = Math.floor(Math.log10((maximum - minimum) / count)) - 1; ; power++) {
    for (const digit of [1, 2, 5]) {
      // Multiplied or divided by a whole number: 3 / 10 is 0.3, but 3 × 0.1 is not.
      const tick = (place) => (power < 0 ? (place * digit) / 10 ** -power : place * digit * 10 ** power);
      const step = tick(1);
      const [first, last] = [Math.ceil(minimum / step - 1e-9), Math.floor(maximum / step + 1e-9)];
      if (last - first < count) return Array.from({length: last - first + 1}, (_, place) => tick(first + place) + 0);
    }
  }
}

/**
 * Return a number with three significant digits: `0.0123`, `1,230`, `−4.56`, `7.89 × 10⁻⁶`; NaN is a dash.
 * @param {number | null | undefined} value
 */
export function formatNumber(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const sign = value < 0 ? "−" : "";
  if (!Number.isFinite(value)) return `${sign}∞`;
  const rounded = Number(Math.abs(value).toPrecision(digits));
  if (rounded !== 0 && (rounded < 1e-4 || rounded >= 1e6)) {
    const [factor, power] = rounded.toExponential().split("e");
    return `${sign}${factor}\u00a0×\u00a010${superscript(Number(power))}`;
  }
  return sign + withThousands(String(rounded));
}

/** Return tick labels with the same number of decimals: `−0.5`, `0.0`, `0.5`. */
export function formatTicks(ticks) {
  const plain = ticks.map((tick) => String(Math.abs(tick)));
  if (plain.some((text) => text.includes("e")) || ticks.some((tick) => Math.abs(tick) >= 1e6)) {
    return ticks.map((tick) => formatNumber(tick));
  }
  const decimals = Math.max(...plain.map((text) => (text.split(".")[1] ?? "").length));
  return ticks.map((tick) => (tick < 0 ? "−" : "") + withThousands(Math.abs(tick).toFixed(decimals)));
}

/** @param {string} text digits, with or without a decimal point */
function withThousands(text) {
  const [whole, ...fraction] = text.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...fraction].join(".");
}

function superscript(power) {
  return (power < 0 ? "⁻" : "") + [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
}
