"""The digits in a picture, each ready for a network: one in a drawing or in a set's own image, any number in a photo.

Shared with ``page/web/js/image/finding.js``, which takes the largest of several.
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

LEAST_TIMES, LEAST_SIDE = 2, 56
"""A photo, or a picture in which several digits could lie, is at least twice as large as the network's own, each way, and has
at least so many pixels."""
MOST_DIGITS = 100
"""More are the paper's grain."""
ATTEMPTS = 3
MARGIN = 4
"""Pixels around a digit's ink, for its soft edge."""


_Sheet = tuple[Paper, Components, list[Group]]


@dataclass(frozen=True)
class FoundDigit:
    """``prepared`` for the network; ``box``, where its ink is in the picture, None where there is none; ``cleared``: whether paper
    was cleared away first."""

    prepared: PreparedDigit
    box: Box | None
    cleared: bool = False
    area: int = 0
    """Pixels of its ink, where it was told apart from others."""


def find_digits(picture: Picture, settings: DigitSettings, *, several: bool = True) -> list[FoundDigit]:
    """The digits in (h, w) uint8, in reading order; one at least, which may be empty.

    A picture with a flat ground that holds one digit is prepared as a whole, as ``prepare_digit`` does it. Of a photo the
    paper is cleared first. Where digits are told apart, each is prepared from its own ink. With ``several`` off, or in a
    picture that is hardly larger than the network's own, all ink is one digit.
    """
    if min(picture.shape) < max(LEAST_SIDE, LEAST_TIMES * max(settings.height, settings.width)):
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
    """As ``prepare_digit`` finds it."""
    factor = -(-max(picture.shape) // LONGEST_SIDE)
    prepared = prepare_digit(block_means(picture, factor).astype(np.uint8), settings)
    ink, cut = prepared.ground.picture, prepared.ground.cut
    return Paper(ink, ink > cut, factor, prepared.polarity.inverted, cut, cleared=False)


def _on_paper(picture: Picture) -> _Sheet:
    """The ink and its digits. One that fills half of the picture has wide strokes, which another look takes whole."""
    paper, components, groups = _with_reach(picture, REACH)
    if 2 * max((longer_side(group.box) for group in groups), default=0) > max(components.shape):
        return _with_reach(picture, WIDE_REACH)
    return paper, components, groups


def _with_reach(picture: Picture, reach: int) -> _Sheet:
    """What is ink by the threshold that leaves most of it in digits. Where most of what it leaves runs out of the picture, a
    higher one may do better: lines of ruled paper then go. Where it leaves nothing but grain, too."""
    best, most, above = None, -1, -1
    for _ in range(ATTEMPTS):
        paper = clear_paper(picture, above=above, reach=reach)
        components = find_components(paper.strong)
        groups = group_pieces(components, drops_cut_off=True)
        if 0 < len(groups) <= MOST_DIGITS:
            whole = sum(group.area for group in groups if not is_cut_off(group.box, components.shape))
            if whole > most:
                best, most = (paper, components, groups), whole
            if 2 * _cut_off_area(components) <= sum(components.areas):
                break
        above = paper.threshold
    return best or (paper, components, [])


def _cut_off_area(components: Components) -> int:
    """Pixels of what runs out of the picture: lines of ruled paper, a table, the edge of a shadow."""
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
