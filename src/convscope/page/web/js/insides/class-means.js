/**
 * What tells the classes apart in a layer. Pure: knows no document.
 */

/**
 * The first image of each class, by its place in the split.
 *
 * @param {ArrayLike<number>} labels
 * @param {ArrayLike<number>} indices in the split
 * @param {number} classes
 * @returns {number[]} rows, one for each class that has an image
 */
export function firstOfEachClass(labels, indices, classes) {
  const rows = new Array(classes).fill(-1);
  for (let row = 0; row < labels.length; row++) {
    const first = rows[labels[row]];
    if (first < 0 || indices[row] < indices[first]) rows[labels[row]] = row;
  }
  return rows.filter((row) => row >= 0);
}

/**
 * @param {ArrayLike<number>} data channel last
 * @param {number} channels
 * @returns {number[]} the mean of each channel
 */
export function channelMeans(data, channels) {
  const sums = new Array(channels).fill(0);
  for (let index = 0; index < data.length; index++) sums[index % channels] += data[index];
  return sums.map((sum) => (sum * channels) / data.length);
}

/**
 * @param {number[][]} means per image and channel
 * @returns {{channel: number, least: number, most: number}} the channel that differs most, and the images at its ends
 */
export function mostDiffering(means) {
  let best = {channel: 0, least: 0, most: 0, span: -1};
  for (let channel = 0; channel < means[0].length; channel++) {
    let [least, most] = [0, 0];
    means.forEach((image, place) => {
      if (image[channel] < means[least][channel]) least = place;
      if (image[channel] > means[most][channel]) most = place;
    });
    const span = means[most][channel] - means[least][channel];
    if (span > best.span) best = {channel, least, most, span};
  }
  return {channel: best.channel, least: best.least, most: best.most};
}
