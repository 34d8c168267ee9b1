"""Near-duplicates across the split: test images that are a training image with noise, compression or other brightness.

Each image becomes a small one, centred and scaled to unit length, so that brightness and contrast do not count. Random trees sort
alike images into small leaves, and only images of one leaf are compared: the time grows with the number of images, not of pairs.
Digits written alike are close, too, but have many neighbours at every distance. So a pair counts only if, from both of its images,
a wide gap separates near copies from the next image.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..types import Floats, Images, Labels
from .dataset import Dataset

SIDE, MAX_VALUES = 16, 2**27
"""Largest side of the small images, and the number of values of all of them, above which they are smaller still."""
NEAR = 0.1
"""Largest distance of near-duplicates, as 1 minus the correlation of the small images."""
GAP, FAR = 6.0, 0.15
"""The next image must be this many times as far as a near copy; FAR is the largest distance at which the gap may begin."""
DRIFT, DOUBLE, UNRELATED = 0.4, 2.0, 0.6
"""Views of a moving camera drift apart step by step. After such a chain, which reaches up to DRIFT, a gap of DOUBLE suffices if the
next image is UNRELATED: so far shows something else."""
LEAST = 2e-4
"""Distances below count as this: rounding makes them."""
LEAF, TREES, NEAREST, OTHERS = 32, 4, 12, 64
"""Largest leaf, number of trees, nearest images kept per leaf, and images at random to compare with besides."""
FLAT = 2.0
"""Images whose standard deviation is smaller, in grey levels, hold too little to compare."""
BLOCK = 4096


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Test images that nearly equal a training image, without those that equal one."""

    test: Labels
    """(m,) indices in the test split, the nearest copy first."""
    train: Labels
    """(m,) the training image that each nearly equals."""

    def __len__(self) -> int:
        return len(self.test)

    def names(self, dataset: Dataset, most: int) -> list[tuple[str, str]]:
        """Return the file or row of the first ``most`` test images, each with that of its training image."""
        pairs = zip(self.test[:most].tolist(), self.train[:most].tolist(), strict=True)
        return [(dataset.test.name_of(test), dataset.train.name_of(train)) for test, train in pairs]


def find_near_duplicates(dataset: Dataset) -> NearDuplicates:
    """Return the near-duplicates across the split of ``dataset``; the same for the same images."""
    number = (len(dataset.train) + len(dataset.test)) * dataset.image_shape[2]
    side = max(1, min(SIDE, math.isqrt(MAX_VALUES // number)))
    small = np.concatenate([shrink(split.images, side) for split in (dataset.train, dataset.test)])
    num_train = len(dataset.train)
    one, other, distance = _near_pairs(small, num_train)
    across = (one >= num_train) & (other < num_train)
    test, train, distance = one[across] - num_train, other[across], distance[across]
    order = np.argsort(distance, kind="stable")
    test, train = test[order], train[order]
    equal = np.zeros(len(test), bool)
    for start in range(0, len(test), BLOCK):
        block = slice(start, start + BLOCK)
        equal[block] = (dataset.test.images[test[block]] == dataset.train.images[train[block]]).all(axis=(1, 2, 3))
    copied = np.isin(test, test[equal])
    test, train = test[~copied], train[~copied]
    _, first = np.unique(test, return_index=True)
    first.sort()
    return NearDuplicates(test[first], train[first])


def shrink(images: Images, side: int) -> Floats:
    """Return (n, d) float32 of images (n, h, w, c): reduced to at most ``side``, without mean per channel, of unit length.

    Those of flat images are zero.
    """
    count, height, width, channels = images.shape
    tall, wide = -(-height // side), -(-width // side)
    rows, columns = height // tall, width // wide
    result = np.empty((count, rows * columns * channels), np.float32)
    for start in range(0, count, BLOCK):
        block = images[start : start + BLOCK, : rows * tall, : columns * wide]
        sums = sum((block[:, row::tall].astype(np.uint32) for row in range(1, tall)), block[:, ::tall].astype(np.uint32))
        sums = sum((sums[:, :, column::wide] for column in range(1, wide)), sums[:, :, ::wide])
        values = (sums * np.float32(1 / (tall * wide))).astype(np.float32)
        values -= values.mean(axis=(1, 2), keepdims=True)
        flat = values.reshape(len(block), -1)
        length = np.sqrt(np.einsum("ij,ij->i", flat, flat))
        keep = length > FLAT * np.sqrt(flat.shape[1])
        result[start : start + BLOCK] = flat * (keep / np.maximum(length, 1e-6))[:, None]
    return result


def _near_pairs(small: Floats, num_train: int) -> tuple[Labels, Labels, Floats]:
    """Return pairs that are near-duplicates seen from both images, each in both orders, with their distances.

    Those within a part of the split are among them only by chance.
    """
    generator = np.random.Generator(np.random.PCG64(0))
    distance, neighbour = _neighbours(small, generator)
    is_across = (neighbour < num_train) != (np.arange(len(small)) < num_train)[:, None]
    rows = np.flatnonzero((is_across & (distance <= NEAR)).any(axis=1))
    others = generator.permutation(len(small))[:OTHERS]
    apart = 1 - small[rows] @ small[others].T
    apart[rows[:, None] == others] = np.inf
    distance = np.concatenate([distance[rows], apart], axis=1)
    neighbour = np.concatenate([neighbour[rows], np.broadcast_to(others, apart.shape)], axis=1)
    order = np.argsort(distance, axis=1)
    distance, neighbour = np.take_along_axis(distance, order, axis=1), np.take_along_axis(neighbour, order, axis=1)
    nearer, farther = distance[:, :-1], distance[:, 1:]
    is_gap = (nearer <= FAR) & (farther >= GAP * np.maximum(nearer, LEAST))
    is_gap |= (nearer <= DRIFT) & (farther >= np.maximum(DOUBLE * nearer, UNRELATED))
    is_gap &= np.isfinite(farther)
    before_gap = np.zeros(distance.shape, dtype=bool)
    before_gap[:, :-1] = np.logical_or.accumulate(is_gap[:, ::-1], axis=1)[:, ::-1]
    row, column = np.nonzero(before_gap & (distance <= NEAR))
    one, other = rows[row], neighbour[row, column]
    code, first = np.unique(one * len(small) + other, return_index=True)
    mutual = np.isin(code, other[first] * len(small) + one[first], assume_unique=True)
    kept = first[mutual]
    return one[kept], other[kept], distance[row, column][kept]


def _neighbours(small: Floats, generator: np.random.Generator) -> tuple[Floats, Labels]:
    """Return distances (n, TREES · NEAREST) to images of the same leaf, and their rows; infinite where none is near."""
    count = len(small)
    distance = np.full((count, TREES * NEAREST), np.inf, np.float32)
    neighbour = np.zeros(distance.shape, np.int64)
    for tree in range(TREES):
        leaves = _leaves(small, generator)
        for start in range(0, len(leaves), BLOCK // LEAF):
            leaf = leaves[start : start + BLOCK // LEAF]
            members = small[leaf]
            apart = 1 - members @ members.transpose(0, 2, 1)
            apart[leaf[:, :, None] == leaf[:, None, :]] = np.inf
            which, place = np.nonzero(apart.min(axis=2) <= NEAR)
            near = apart[which, place]
            number = min(NEAREST, near.shape[1])
            best = np.argpartition(near, number - 1, axis=1)[:, :number]
            columns = slice(tree * NEAREST, tree * NEAREST + number)
            distance[leaf[which, place], columns] = np.take_along_axis(near, best, axis=1)
            neighbour[leaf[which, place], columns] = np.take_along_axis(leaf[which], best, axis=1)
    return distance, neighbour


def _leaves(small: Floats, generator: np.random.Generator) -> Labels:
    """Sort the images into leaves of one size, (leaves, size), by medians along the differences of random images."""
    count = len(small)
    levels = max(0, (-(-count // LEAF) - 1).bit_length())
    ends = small[generator.integers(0, count, (2, levels))]
    along = small @ (ends[0] - ends[1]).T
    # Some images come twice, so that every leaf has the same size.
    leaves = np.concatenate([generator.permutation(count), generator.integers(0, count, -count % 2**levels)])[None]
    for level in range(levels):
        half = leaves.shape[1] // 2
        order = np.argpartition(along[leaves, level], half - 1, axis=1)
        leaves = np.take_along_axis(leaves, order, axis=1).reshape(-1, half)
    return leaves
