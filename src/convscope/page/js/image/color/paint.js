/**
 * Numbers to colours. Pure: no DOM; `ImageData.data` of a canvas is a plain array here.
 * @typedef {{minimum: number, maximum: number}} ValueRange
 * @typedef {ValueRange & {table: Uint8Array}} ColorScale with a table of `colormaps.js`
 */

/**
 * Write each value as four bytes to `target`. Values outside the range are clipped; NaN is transparent.
 * @param {Uint8ClampedArray | Uint8Array} target at least four times as long as `data`
 * @param {{start?: number, step?: number, count?: number}} [part] of `data`: channel 3 of 32 is {start: 3, step: 32}
 */
export function paint(data, {minimum, maximum, table}, target, {start = 0, step = 1, count = NaN} = {}) {
  const total = Number.isNaN(count) ? Math.ceil((data.length - start) / step) : count;
  if (target.length < 4 * total) throw new RangeError(`invalid target: ${target.length} bytes for ${total} values`);
  const colours = new Uint32Array(table.buffer, table.byteOffset, 256);
  const pixels = new Uint32Array(target.buffer, target.byteOffset, total);
  const factor = maximum > minimum ? 256 / (maximum - minimum) : 0;
  for (let place = 0, from = start; place < total; place++, from += step) {
    const value = data[from];
    const entry = (value - minimum) * factor;
    // Inlined, because this runs for every pixel of every map during a stroke.
    if (entry >= 255) pixels[place] = colours[255];
    else if (entry >= 0) pixels[place] = colours[entry | 0];
    else pixels[place] = Number.isNaN(entry) ? 0 : colours[0];
  }
}

/** Return the colour of one value, for a legend or an outline. @returns {[number, number, number]} red, green, blue */
export function colorOf(value, scale) {
  const pixel = new Uint8Array(4);
  paint([value], scale, pixel);
  return [pixel[0], pixel[1], pixel[2]];
}

/** Return a colour in CSS notation. @param {[number, number, number]} color */
export function cssColor(color) {
  return `rgb(${color.join(" ")})`;
}

/**
 * Return black or white, whichever has the higher WCAG 2 contrast on a colour.
 * @param {[number, number, number]} color
 * @returns {"#000" | "#fff"}
 */
export function textOn(color) {
  const [red, green, blue] = color.map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const balance = 0.179; // the luminance with equal contrast to black and white
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > balance ? "#000" : "#fff";
}
