"""The digits on a sheet: which pieces of ink belong together, and in which order they are read. Grouping is shared with
``page/web/js/image/sheet.js``.

A digit is one piece of ink, as a rule. Not always: a 5 may have lost its bar, a 4 its stem. So a **small** piece, under half
as high as digits here are, belongs to the nearest large one, if that is within a quarter of that height; pieces whose boxes
lie largely over each other are one digit; and what is tiny, or small and far from everything, is dirt. How high digits here
are is read off the picture: half of all ink is in pieces at least that high.

Rows are read from the top, each from the left. A sheet that lies askew is read along its rows: their slope is the median of
the slopes from each digit to its neighbour on the right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from .components import Components
from .digit_steps import Box

SMALL = 2
"""A piece is small whose height is under 1 / 2 of a digit's."""
REACH = 4
"""A small piece belongs to a large one within 1 / 4 of a digit's height."""
ALONE = 3
"""A small piece with nothing near is a digit from 1 / 3 of a digit's height or width on; else it is dirt."""
LEAST_HEIGHT, LEAST_SHARE = 8, 64
"""Where digits are under 8 pixels high, or under 1 / 64 of the picture's longer side, they are grain, and there are none."""
DIRT = 20
"""A piece is dirt whose area is under (1 / 20)² of a digit's height squared."""
SAME_ROW = 0.6
"""A digit begins a new row whose middle lies this much of a digit's height below the row's."""


@dataclass(frozen=True)
class Group:
    """Pieces that are one digit: their numbers, the box around them, and how many pixels they have."""

    pieces: tuple[int, ...]
    box: Box
    area: int


def group_pieces(components: Components, *, drops_cut_off: bool = False) -> list[Group]:
    """The digits among the pieces, in the order of their first pixels.

    ``drops_cut_off``: pieces at the picture's edge are the table, or the edge of the sheet; unless there are no others.
    """
    pieces = list(range(len(components)))
    if drops_cut_off:
        pieces = [piece for piece in pieces if not is_cut_off(components.boxes[piece], components.shape)] or pieces
    if not pieces:
        return []
    height = _digit_height([(_height(components.boxes[piece]), components.areas[piece]) for piece in pieces])
    if height < LEAST_HEIGHT or LEAST_SHARE * height < max(components.shape):
        return []
    pieces = [piece for piece in pieces if DIRT * DIRT * components.areas[piece] >= height * height]
    large = [piece for piece in pieces if SMALL * _height(components.boxes[piece]) >= height]
    owners = {piece: piece for piece in large}
    for index, piece in enumerate(large):
        for other in large[:index]:
            if _lie_over_each_other(components.boxes[piece], components.boxes[other]):
                old, new = max(owners[piece], owners[other]), min(owners[piece], owners[other])
                owners = {each: new if owner == old else owner for each, owner in owners.items()}
    for piece in pieces:
        if piece in owners:
            continue
        box = components.boxes[piece]
        gap, nearest = min((_gap(box, components.boxes[other]), other) for other in large)
        if REACH * gap <= height:
            owners[piece] = owners[nearest]
        elif ALONE * longer_side(box) >= height:
            owners[piece] = piece
    return _groups(components, owners)


def is_cut_off(box: Box, shape: tuple[int, int]) -> bool:
    """Whether a box reaches the edge of a picture of (height, width)."""
    return box.top == 0 or box.left == 0 or box.bottom == shape[0] - 1 or box.right == shape[1] - 1


def longer_side(box: Box) -> int:
    """Height or width, in pixels."""
    return max(_height(box), _width(box))


def joined(groups: Sequence[Group]) -> Group:
    """All of them as one."""
    boxes = [group.box for group in groups]
    box = Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
    )
    return Group(tuple(piece for group in groups for piece in group.pieces), box, sum(group.area for group in groups))


def in_reading_order(boxes: Sequence[Box]) -> list[int]:
    """Positions of the boxes, row by row, from the left in each."""
    if not boxes:
        return []
    height = median(map(_height, boxes))
    slope = _slope(boxes)
    middles = [((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes]
    levels = [down - slope * across for across, down in middles]
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda index: levels[index]):
        row = rows[-1] if rows else []
        if row and levels[index] - sum(levels[each] for each in row) / len(row) <= SAME_ROW * height:
            row.append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda index: middles[index][0])]


def _groups(components: Components, owners: dict[int, int]) -> list[Group]:
    members: dict[int, list[int]] = {}
    for piece in sorted(owners):
        members.setdefault(owners[piece], []).append(piece)
    return [
        joined([Group((piece,), components.boxes[piece], components.areas[piece]) for piece in pieces])
        for pieces in members.values()
    ]


def _digit_height(heights: Sequence[tuple[int, int]]) -> int:
    """Of (height, area) of each piece: half of the area is in pieces at least as high."""
    total, so_far = sum(area for _, area in heights), 0
    for height, area in sorted(heights, reverse=True):
        so_far += area
        if 2 * so_far >= total:
            return height
    raise AssertionError("no pieces")


def _slope(boxes: Sequence[Box]) -> float:
    """How far down rows go per pixel to the right; 0 where no digit has a neighbour."""
    slopes = []
    for box in boxes:
        beside = [other for other in boxes if other.left > box.right and _shared_height(box, other) > 0]
        near = [other for other in beside if other.left - box.right <= 2 * _height(box)]
        if near:
            other = min(near, key=lambda other: other.left)
            across = (other.left + other.right - box.left - box.right) / 2
            slopes.append((other.top + other.bottom - box.top - box.bottom) / 2 / across)
    return median(slopes) if slopes else 0.0


def _height(box: Box) -> int:
    return box.bottom - box.top + 1


def _width(box: Box) -> int:
    return box.right - box.left + 1


def _gap(one: Box, other: Box) -> int:
    """Pixels between two boxes, across or down, whichever is more; 0 where they touch or overlap."""
    across = max(one.left, other.left) - min(one.right, other.right) - 1
    down = max(one.top, other.top) - min(one.bottom, other.bottom) - 1
    return max(across, down, 0)


def _shared_height(one: Box, other: Box) -> int:
    return min(one.bottom, other.bottom) - max(one.top, other.top) + 1


def _lie_over_each_other(one: Box, other: Box) -> bool:
    """Whether they share half of the smaller one's area."""
    across = min(one.right, other.right) - max(one.left, other.left) + 1
    shared = max(across, 0) * max(_shared_height(one, other), 0)
    return 2 * shared >= min(_height(one) * _width(one), _height(other) * _width(other))
