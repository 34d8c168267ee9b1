/** Positions of units in a layer. Arrays are in row order: (row, column, channel), or (unit). */

/** @param {number[]} shape @returns {number} how many units there are */
export function sizeOf(shape) {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** @param {number[]} shape @param {number[]} place one index per axis @returns {number} where in the array the unit lies */
export function offsetOf(shape, place) {
  const inside = place.length === shape.length && place.every((index, axis) => index >= 0 && index < shape[axis]);
  if (!inside) throw new RangeError(`no unit [${place}] in a layer of shape [${shape}]`);
  return place.reduce((offset, index, axis) => offset * shape[axis] + index, 0);
}

/** Return the position at an offset, the inverse of `offsetOf`. */
export function placeOf(shape, offset) {
  const place = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = offset % shape[axis];
    offset = Math.floor(offset / shape[axis]);
  }
  return place;
}

/** @param {number[]} shape @returns {boolean} whether it is that of a picture, or of a stack of feature maps */
export function isPicture(shape) {
  return shape.length === 3;
}

/**
 * Return the position of a layer's maximum, or of that of a channel.
 * @param {{shape: number[], data: ArrayLike<number>}} activation
 * @param {number} [channel] of a picture; of a flat layer, the unit itself
 */
export function strongestPlace({shape, data}, channel = -1) {
  if (shape.length !== 3 && channel >= 0) return placeOf(shape, channel);
  const step = channel >= 0 ? shape[2] : 1;
  let winner = Math.max(0, channel);
  for (let offset = winner; offset < data.length; offset += step) if (data[offset] > data[winner]) winner = offset;
  return placeOf(shape, winner);
}

/** @returns {Float32Array} one channel of a layer */
export function channelOf(data, [rows, columns, channels], channel) {
  const values = new Float32Array(rows * columns);
  for (let pixel = 0; pixel < values.length; pixel++) values[pixel] = data[pixel * channels + channel];
  return values;
}
