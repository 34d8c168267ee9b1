"""Binarization of photos of paper: ink against a background with uneven light.

``mnist_style.py`` subtracts the flat background of a drawing. In a photo light falls off, hands cast shadows and paper has
grain, so the background is estimated locally:

1. The image is divided into cells, 64 along its longer side, and each is averaged.
2. A morphological closing removes strokes: the maximum over 13 × 13 cells, or 25 × 25 for a large digit, then the minimum over
   as many. It keeps what is wider: light, shadows and their edges.
3. The background is interpolated between the centres of the cells.

The ink of a pixel is the share of its background's light that it absorbs, 0 to 255, so that a pen is as black in the shadow as
in the sun. Otsu's threshold separates ink from background; pixels with half as much that touch ink are its soft edge. Chalk on
a blackboard is inverted first: ink is rare, so the third moment of the differences from the neighbourhood gives the polarity.

Notes:
    N. Otsu, IEEE Transactions on Systems, Man and Cybernetics 9, 1979. All arithmetic is on integers, so that
    ``page/js/image/preprocess/binarize.js`` gives identical results.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..images.resample import GreyImage
from .mnist_style import border_median, dilate

MAX_SIDE = 1024
"""Pixels. A larger image is reduced by an integer factor; pen strokes are still several pixels wide."""
CELLS = 64
CLOSING_RADIUS, WIDE_RADIUS = 6, 12
"""Radius of the closing, in cells: for sheets, and for a digit that fills the image, whose strokes are wider. A smaller radius
keeps more shadows out of the ink."""
NEIGHBOURHOOD = 8
"""Radius of the neighbourhood that decides the polarity, in cells."""
FLAT = 1
"""Variation of a flat background, in grey levels."""
MIN_INK = 40
"""Absorption, of 255, that ink must have on average beyond its background; grain, creases and shadow edges have less."""
MIN_LIGHT = 64
"""Background level that absorption is at least measured against; in darker places noise would look like ink."""
Levels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class InkMask:
    """The ink of an image."""

    ink: GreyImage
    """(h, w) uint8, light on 0."""
    strong: npt.NDArray[np.bool_]
    """(h, w) the ink without its soft edge."""
    factor: int
    """Pixels of the image per pixel here, along each side."""
    inverted: bool
    """Whether the ink was darker than its background, as on paper."""
    threshold: int
    """Absorption, of 255, above which a pixel is ink."""
    background_removed: bool = True
    """Whether a paper background was removed."""


def has_flat_background(image: GreyImage) -> bool:
    """Return whether half of the border of an image (h, w) is within one level of its median.

    That holds for drawings and images of digit datasets, but not for photos.
    """
    ring = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]]).astype(np.int64)
    return bool(2 * (np.abs(ring - border_median(image)) <= FLAT).sum() >= len(ring))


def binarize_document(image: GreyImage, *, above: int = -1, radius: int = CLOSING_RADIUS) -> InkMask:
    """Separate the ink of a photo (h, w) uint8 from its background.

    Absorption up to ``above`` is background, such as ruled lines. ``radius`` is that of the closing, in cells.
    """
    factor = -(-max(image.shape) // MAX_SIDE)
    levels = block_means(image, factor)
    side = max(1, -(-max(levels.shape) // CELLS))
    inverted = _is_darker_than_background(levels, side)
    if not inverted:
        levels = 255 - levels
    background = _spread(_morphological_close(block_means(levels, side), radius), side, (levels.shape[0], levels.shape[1]))
    absorbed = np.maximum(255 * (background - levels) // np.maximum(background, MIN_LIGHT), 0)
    counts = np.bincount(absorbed.ravel(), minlength=256)
    counts[: above + 1] = 0
    threshold, strength, rest = split_levels(counts)
    strong = absorbed > threshold
    if strength - rest < MIN_INK:
        strong[:] = False
    low = (threshold + rest) // 2
    ink = np.minimum(np.maximum(absorbed - low, 0) * 255 // max(1, strength - low), 255)
    near = strong
    for _ in range(1 + max(levels.shape) // 512):
        near = dilate(near)
    return InkMask(np.where(near, ink, 0).astype(np.uint8), strong, factor, inverted, threshold)


def block_means(image: npt.NDArray[np.integer], side: int) -> Levels:
    """Average squares of ``side`` pixels, also incomplete ones at the far edges; halves up."""
    if side == 1:
        return image.astype(np.int64)
    rows, columns = (np.arange(0, length, side) for length in image.shape)
    sums = np.add.reduceat(np.add.reduceat(image.astype(np.int64), rows, axis=0), columns, axis=1)
    heights, widths = (
        np.diff(np.append(starts, length)) for starts, length in zip((rows, columns), image.shape, strict=True)
    )
    counts = heights[:, None] * widths
    return np.asarray((2 * sums + counts) // (2 * counts))


def split_levels(counts: npt.NDArray[np.integer]) -> tuple[int, int, int]:
    """Compute Otsu's threshold of a histogram (256,).

    Returns:
        The highest level of the background, and the means above and up to it; 255, 0 and 0 if there is only one level.
    """
    # Python integers have no limit; the JavaScript version uses BigInt.
    numbers = [int(count) for count in counts]
    total, moment = sum(numbers), sum(level * count for level, count in enumerate(numbers))
    best, best_share, below, below_moment = (0, 1), (0, 0), 0, 0
    level_of_best = 255
    for level, count in enumerate(numbers):
        below, below_moment = below + count, below_moment + level * count
        if below in (0, total):
            continue
        spread, weights = (below_moment * total - moment * below) ** 2, below * (total - below)
        if spread * best[1] > best[0] * weights:
            best, best_share, level_of_best = (spread, weights), (below, below_moment), level
    if level_of_best == 255:
        return 255, 0, 0
    below, below_moment = best_share
    return level_of_best, (moment - below_moment) // (total - below), below_moment // below


def _is_darker_than_background(levels: Levels, side: int) -> bool:
    cells = block_means(levels, side)
    near = np.repeat(np.repeat(_means_around(cells), side, axis=0), side, axis=1)[: levels.shape[0], : levels.shape[1]]
    return bool(((levels - near) ** 3).sum() < 0)


def _means_around(cells: Levels) -> Levels:
    """Average the 17 × 17 cells around each, without those beyond the edge; rounded down."""
    sums = np.pad(cells.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    (top, bottom), (left, right) = (
        (np.maximum(np.arange(length) - NEIGHBOURHOOD, 0), np.minimum(np.arange(length) + NEIGHBOURHOOD + 1, length))
        for length in cells.shape
    )
    whole = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)] + sums[np.ix_(top, left)]
    return np.asarray(whole // ((bottom - top)[:, None] * (right - left)))


def _morphological_close(cells: Levels, radius: int) -> Levels:
    for extreme in (np.maximum, np.minimum):
        for axis in (0, 1):
            cells = _extreme_around(cells, extreme, axis, radius)
    return cells


def _extreme_around(cells: Levels, extreme: np.ufunc, axis: int, radius: int) -> Levels:
    length = cells.shape[axis]
    found = cells.copy()
    rows, moved = np.moveaxis(cells, axis, 0), np.moveaxis(found, axis, 0)
    for step in range(1, min(radius, length - 1) + 1):
        extreme(moved[step:], rows[:-step], out=moved[step:])
        extreme(moved[:-step], rows[step:], out=moved[:-step])
    return found


def _spread(cells: Levels, side: int, shape: tuple[int, int]) -> Levels:
    """Interpolate cells bilinearly to ``shape``, constant beyond the outermost centres."""
    (top, down), (left, across) = (_between(length, count, side) for length, count in zip(shape, cells.shape, strict=True))
    far = 2 * side
    bottom, right = (np.minimum(first + 1, count - 1) for first, count in zip((top, left), cells.shape, strict=True))
    rows = cells[top] * (far - down)[:, None] + cells[bottom] * down[:, None]
    both = rows[:, left] * (far - across) + rows[:, right] * across
    return np.asarray((2 * both + far * far) // (2 * far * far))


def _between(length: int, count: int, side: int) -> tuple[Levels, Levels]:
    """Return for each pixel the cell before it and the way to the next in 1 / (2·side)."""
    position = np.clip(2 * np.arange(length) + 1 - side, 0, 2 * side * (count - 1))
    return position // (2 * side), position % (2 * side)
