"""Detection of digits: one in a drawing or a dataset's own image, any number in a photo.

``page/web/js/image/finding.js`` does the same and uses the largest of several digits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .components import Components, find_components
from .digit import DigitSettings, PreparedDigit, grown, prepare_digit
from .digit_steps import Box
from .paper import LONGEST_SIDE, REACH, WIDE_REACH, Paper, block_means, clear_paper, has_flat_ground
from .resample import Picture
from .sheet import Group, group_pieces, in_reading_order, is_cut_off, joined, longer_side

MIN_TIMES, MIN_SIDE = 2, 56
"""Smallest image searched for several digits: multiple of the network's sides, and pixels per side."""
MAX_DIGITS = 100
"""More components than this are paper grain."""
ATTEMPTS = 3
MARGIN = 4
"""Pixels kept around the ink of a digit, for its soft edge."""


_Sheet = tuple[Paper, Components, list[Group]]


@dataclass(frozen=True)
class FoundDigit:
    """A detected digit."""

    prepared: PreparedDigit
    """The digit as the network receives it."""
    box: Box | None
    """Bounding box of the ink in the image; None without ink."""
    cleared: bool = False
    """Whether a paper background was removed first."""
    area: int = 0
    """Pixels of ink, if the digit was separated from others."""


def find_digits(picture: Picture, settings: DigitSettings, *, several: bool = True) -> list[FoundDigit]:
    """Return the digits in an image in reading order; at least one, which may be empty.

    A single digit on a flat background is prepared as a whole image. In a photo the paper background is removed first. Of
    several digits, each is prepared from its own ink.

    Args:
        picture: (h, w) uint8 grey levels.
        settings: The preprocessing of the network.
        several: Whether to separate digits. If not, or in an image hardly larger than the network's, all ink is one digit.
    """
    if min(picture.shape) < max(MIN_SIDE, MIN_TIMES * max(settings.height, settings.width)):
        return [_whole(picture, settings)]
    if has_flat_ground(picture):
        paper = _flat_ink(picture, settings)
        components = find_components(paper.strong)
        groups = group_pieces(components)
        if len(groups) <= 1 or not several:
            return [_whole(picture, settings)]
    else:
        paper, components, groups = _on_paper(picture)
        if not groups:
            return [FoundDigit(prepare_digit(np.zeros_like(picture), settings), None, cleared=True)]
        if not several:
            groups = [joined(groups)]
    order = in_reading_order([group.box for group in groups])
    return [_one(paper, components, groups[index], settings) for index in order]


def _whole(picture: Picture, settings: DigitSettings) -> FoundDigit:
    prepared = prepare_digit(picture, settings)
    return FoundDigit(prepared, prepared.crop.box)


def _flat_ink(picture: Picture, settings: DigitSettings) -> Paper:
    """Return the ink as ``prepare_digit`` separates it from a flat background."""
    factor = -(-max(picture.shape) // LONGEST_SIDE)
    prepared = prepare_digit(block_means(picture, factor).astype(np.uint8), settings)
    ink, cut = prepared.ground.picture, prepared.ground.cut
    return Paper(ink, ink > cut, factor, prepared.polarity.inverted, cut, cleared=False)


def _on_paper(picture: Picture) -> _Sheet:
    """Return the ink of a photo and its digits."""
    paper, components, groups = _with_reach(picture, REACH)
    # A digit that fills half of the image has strokes wider than the usual closing removes.
    if 2 * max((longer_side(group.box) for group in groups), default=0) > max(components.shape):
        return _with_reach(picture, WIDE_REACH)
    return paper, components, groups


def _with_reach(picture: Picture, reach: int) -> _Sheet:
    """Return the ink at the threshold that leaves the largest area in complete digits."""
    # If the threshold leaves only grain, or mostly ink cut off by the border, try a higher one: it removes ruled lines.
    best, most, above = None, -1, -1
    for _ in range(ATTEMPTS):
        paper = clear_paper(picture, above=above, reach=reach)
        components = find_components(paper.strong)
        groups = group_pieces(components, drops_cut_off=True)
        if 0 < len(groups) <= MAX_DIGITS:
            whole = sum(group.area for group in groups if not is_cut_off(group.box, components.shape))
            if whole > most:
                best, most = (paper, components, groups), whole
            if 2 * _cut_off_area(components) <= sum(components.areas):
                break
        above = paper.threshold
    return best or (paper, components, [])


def _cut_off_area(components: Components) -> int:
    """Return the pixels of components cut off by the border, such as ruled lines."""
    return sum(
        area for box, area in zip(components.boxes, components.areas, strict=True) if is_cut_off(box, components.shape)
    )


def _one(paper: Paper, components: Components, group: Group, settings: DigitSettings) -> FoundDigit:
    mask = components.mask_of(frozenset(group.pieces))
    for _ in range(1 + max(mask.shape) // 512):
        mask = grown(mask)
    box, times = group.box, paper.factor
    part = (
        slice(max(0, box.top - MARGIN), box.bottom + 1 + MARGIN),
        slice(max(0, box.left - MARGIN), box.right + 1 + MARGIN),
    )
    ink = np.where(mask[part], paper.ink[part], 0).astype(np.uint8)
    prepared = prepare_digit(ink, replace(settings, polarity="keep", background=False))
    whole = Box(box.top * times, box.left * times, (box.bottom + 1) * times - 1, (box.right + 1) * times - 1)
    return FoundDigit(prepared, whole, paper.cleared, group.area)
