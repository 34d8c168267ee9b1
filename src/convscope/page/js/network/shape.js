/** Positions of units in a layer. Arrays are in row order: (row, column, channel), or (unit). */

/**
 * @param {number[]} shape
 * @returns {number} how many units there are
 */
export function sizeOf(shape) {
  return shape.reduce((size, extent) => size * extent, 1);
}

/**
 * @param {number[]} shape
 * @param {number[]} place one index per axis
 * @returns {number} where in the array the unit lies
 */
export function offsetOf(shape, place) {
  const inside = place.length === shape.length && place.every((index, axis) => index >= 0 && index < shape[axis]);
  if (!inside) throw new RangeError(`no unit [${place}] in a layer of shape [${shape}]`);
  return place.reduce((offset, index, axis) => offset * shape[axis] + index, 0);
}

/**
 * Return the position at an offset, the inverse of `offsetOf`.
 *
 * @param {number[]} shape
 * @param {number} offset
 * @returns {number[]}
 */
export function placeOf(shape, offset) {
  const place = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = offset % shape[axis];
    offset = Math.floor(offset / shape[axis]);
  }
  return place;
}

/**
 * @param {number[]} shape
 * @returns {boolean} whether it is that of a picture, or of a stack of feature maps
 */
export function isPicture(shape) {
  return shape.length === 3;
}
