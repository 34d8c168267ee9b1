/**
 * Epoch snapshots with their test results. Pure: no DOM.
 *
 * @typedef {object} Frame
 * @property {number} epoch from 1
 * @property {boolean} isLast whether it is the finished network
 * @property {number | null} accuracy on the test images; null where the page does not know
 * @property {number[][] | null} confusion of the test images: rows true, columns predicted
 */

/**
 * @param {object} payload
 * @returns {Frame[]} in their order; none where the page holds no weights
 */
export function epochFrames({weights, evidence, metrics}) {
  const epochs = weights?.epochs ?? [];
  return epochs.map(({epoch}, place) => {
    if (place === epochs.length - 1) {
      return {epoch, isLast: true, accuracy: metrics.test.accuracy, confusion: metrics.test.confusion};
    }
    const measured = evidence?.epoch_snapshots?.epochs.indexOf(epoch) ?? -1;
    return {
      epoch,
      isLast: false,
      accuracy: measured < 0 ? null : evidence.epoch_snapshots.accuracy[measured],
      confusion: (measured >= 0 && evidence.epoch_snapshots.confusion?.[measured]) || null,
    };
  });
}

/**
 * @param {Frame[]} frames
 * @param {number} epoch as the state has it: 0, and what is not among the frames, stands for the end
 * @returns {number} the place of its frame
 */
export function frameAt(frames, epoch) {
  const place = frames.findIndex((frame) => frame.epoch === epoch);
  return place < 0 ? frames.length - 1 : place;
}

/**
 * @param {Frame} frame
 * @returns {number} as the state names it
 */
export function stateEpoch({epoch, isLast}) {
  return isLast ? 0 : epoch;
}

/**
 * Return the note of a view that shows an earlier epoch; "" for the last one.
 *
 * @param {Frame[]} frames
 * @param {number} epoch as the state has it
 */
export function afterText(frames, epoch) {
  const frame = frames[frameAt(frames, epoch)];
  return !frame || frame.isLast ? "" : `as after epoch ${frame.epoch} of ${frames[frames.length - 1].epoch}`;
}
