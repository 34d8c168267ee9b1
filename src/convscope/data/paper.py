"""Ink on paper, photographed: what is ink and what is only shade, told apart. Shared, to the last bit, with
``page/web/js/image/paper.js``; integers all the way.

A drawing has a flat ground, and ``digit.py`` takes it off as one level. A photo has none: light falls off to one side, a hand
throws a shadow, the paper has a grain. So the ground is estimated place by place:

1. the picture is cut into cells, 64 along its longer side, and each becomes its mean;
2. strokes are taken out of these by a morphological closing (the maximum over 13 × 13 cells, or where a digit is large
   25 × 25, then the minimum over as many), which leaves alone what is wider than that: light, shadows and their edges;
3. between the centres of the cells the ground is interpolated.

What a pixel swallows of the light that its ground gives back, 0 to 255, is its ink: so the same pen is as black in the
shadow as in the sun. Otsu's threshold (N. Otsu, IEEE Transactions on Systems, Man and Cybernetics 9, 1979) parts ink from
ground; what has half as much and touches ink is its soft edge. Chalk on a blackboard is turned round first: ink is what is
rare, which the third moment of the differences from the neighbourhood shows, whatever the light.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .digit import border_median, grown
from .resample import Picture

LONGEST_SIDE = 1024
"""Pixels. A larger picture becomes the means of squares of so many pixels that it is not larger; a pen is still several wide."""
CELLS = 64
REACH, WIDE_REACH = 6, 12
"""Cells from the middle of the closing's window to its edge: for sheets, and for a digit that fills the picture, whose strokes are
wider. What a window lets pass is taken for ink, so that a smaller one stands more shadows."""
NEIGHBOURHOOD = 8
"""Cells from a place to the edge of what it is compared with, where dark or bright is asked."""
FLAT = 1
"""Grey levels that a flat ground may vary by."""
LEAST_INK = 40
"""Of 255, what ink must swallow on average more than its ground: a grain, a crease or a shadow's edge swallows less."""
Levels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Paper:
    """``ink`` (h, w) uint8, bright on 0, in which a pixel is ``factor`` × ``factor`` of the picture's."""

    ink: Picture
    strong: npt.NDArray[np.bool_]
    """(h, w): what is ink for sure, without its soft edge. Nothing, where the picture holds none."""
    factor: int
    inverted: bool
    """Whether the ink was darker than its ground, as on paper."""
    threshold: int
    """Of 255: a pixel that swallows more than this is ink."""
    cleared: bool = True
    """Whether paper was cleared away, or there was none."""


def has_flat_ground(picture: Picture) -> bool:
    """Whether half of the border of (h, w) is within one level of its median: no photo, but a drawing or a digit of a set."""
    ring = np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]]).astype(np.int64)
    return bool(2 * (np.abs(ring - border_median(picture)) <= FLAT).sum() >= len(ring))


def clear_paper(picture: Picture, *, above: int = -1, reach: int = REACH) -> Paper:
    """(h, w) uint8 → its ink. ``above``: what swallows no more than this is ground, as the lines of ruled paper are."""
    factor = -(-max(picture.shape) // LONGEST_SIDE)
    levels = block_means(picture, factor)
    side = max(1, -(-max(levels.shape) // CELLS))
    inverted = _is_darker_than_its_ground(levels, side)
    if not inverted:
        levels = 255 - levels
    ground = _spread(_closed(block_means(levels, side), reach), side, (levels.shape[0], levels.shape[1]))
    swallowed = np.maximum(255 * (ground - levels) // np.maximum(ground, 1), 0)
    counts = np.bincount(swallowed.ravel(), minlength=256)
    counts[: above + 1] = 0
    threshold, strength, rest = split_levels(counts)
    strong = swallowed > threshold
    if strength - rest < LEAST_INK:
        strong[:] = False
    low = (threshold + rest) // 2
    ink = np.minimum(np.maximum(swallowed - low, 0) * 255 // max(1, strength - low), 255)
    near = strong
    for _ in range(1 + max(levels.shape) // 512):
        near = grown(near)
    return Paper(np.where(near, ink, 0).astype(np.uint8), strong, factor, inverted, threshold)


def block_means(picture: npt.NDArray[np.integer], side: int) -> Levels:
    """(h, w) → (⌈h / side⌉, ⌈w / side⌉): means of squares, those at the far edges of what is there of them; halves up."""
    if side == 1:
        return picture.astype(np.int64)
    rows, columns = (np.arange(0, length, side) for length in picture.shape)
    sums = np.add.reduceat(np.add.reduceat(picture.astype(np.int64), rows, axis=0), columns, axis=1)
    heights, widths = (
        np.diff(np.append(starts, length)) for starts, length in zip((rows, columns), picture.shape, strict=True)
    )
    counts = heights[:, None] * widths
    return np.asarray((2 * sums + counts) // (2 * counts))


def split_levels(counts: npt.NDArray[np.integer]) -> tuple[int, int, int]:
    """Otsu's threshold of a histogram (256,): the level up to which it is ground, and the means above it and up to it.

    In whole numbers, which in Python have no limit, and in JavaScript are ``BigInt``. Where all is one level there is nothing
    to part: nothing is above it.
    """
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


def _is_darker_than_its_ground(levels: Levels, side: int) -> bool:
    cells = block_means(levels, side)
    near = np.repeat(np.repeat(_means_around(cells), side, axis=0), side, axis=1)[: levels.shape[0], : levels.shape[1]]
    return bool(((levels - near) ** 3).sum() < 0)


def _means_around(cells: Levels) -> Levels:
    """The mean of the 17 × 17 cells around each, as far as they are there; rounded down."""
    sums = np.pad(cells.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    (top, bottom), (left, right) = (
        (np.maximum(np.arange(length) - NEIGHBOURHOOD, 0), np.minimum(np.arange(length) + NEIGHBOURHOOD + 1, length))
        for length in cells.shape
    )
    whole = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)] + sums[np.ix_(top, left)]
    return np.asarray(whole // ((bottom - top)[:, None] * (right - left)))


def _closed(cells: Levels, reach: int) -> Levels:
    for extreme in (np.maximum, np.minimum):
        for axis in (0, 1):
            cells = _extreme_around(cells, extreme, axis, reach)
    return cells


def _extreme_around(cells: Levels, extreme: np.ufunc, axis: int, reach: int) -> Levels:
    length = cells.shape[axis]
    found = cells.copy()
    rows, moved = np.moveaxis(cells, axis, 0), np.moveaxis(found, axis, 0)
    for step in range(1, min(reach, length - 1) + 1):
        extreme(moved[step:], rows[:-step], out=moved[step:])
        extreme(moved[:-step], rows[step:], out=moved[:-step])
    return found


def _spread(cells: Levels, side: int, shape: tuple[int, int]) -> Levels:
    """(rows, columns) → ``shape``: bilinear between the centres of the cells, beyond the outermost ones as there; halves up."""
    (top, down), (left, across) = (_between(length, count, side) for length, count in zip(shape, cells.shape, strict=True))
    far = 2 * side
    bottom, right = (np.minimum(first + 1, count - 1) for first, count in zip((top, left), cells.shape, strict=True))
    rows = cells[top] * (far - down)[:, None] + cells[bottom] * down[:, None]
    both = rows[:, left] * (far - across) + rows[:, right] * across
    return np.asarray((2 * both + far * far) // (2 * far * far))


def _between(length: int, count: int, side: int) -> tuple[Levels, Levels]:
    """For each of ``length`` pixels the cell whose centre lies before it, and how far it is on to the next, in 2·side-ths."""
    place = np.clip(2 * np.arange(length) + 1 - side, 0, 2 * side * (count - 1))
    return place // (2 * side), place % (2 * side)
