"""Grouping of connected components into digits, and their reading order.

A digit is usually one component, but a 5 may have lost its bar, and a 4 its stem. A **small** component, less than half as high
as a digit, therefore joins the nearest large one within a quarter of that height. Components with largely overlapping boxes are
one digit. Tiny components, and small isolated ones, are dirt. The height of digits is measured: half of all ink is in
components at least that high. ``page/js/image/preprocess/grouping.js`` groups in the same way.

Rows are read from the top, each from the left. A tilted sheet is read along its rows: their slope is the median of the slopes
from each digit to its right neighbour.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from .box import Box, box_around
from .connected_components import Components, root_of

SMALL = 2
"""A component is small below 1 / 2 of a digit's height."""
MAX_GAP = 4
"""A small component joins a large one within 1 / 4 of a digit's height."""
ALONE = 3
"""An isolated small component is a digit from 1 / 3 of a digit's height on, else dirt."""
MIN_HEIGHT, MIN_SHARE = 8, 64
"""Components lower than 8 pixels, or 1 / 64 of the image's longer side, are grain, not digits."""
DIRT = 20
"""A component is dirt below (1 / 20)² of a digit's height squared."""
SAME_ROW = 0.6
"""Distance of a digit below a row, as a share of a digit's height, from which it starts a new row."""


@dataclass(frozen=True)
class DigitGroup:
    """Components that form one digit."""

    pieces: tuple[int, ...]
    """Indices of the components."""
    box: Box
    area: int
    """Pixels of ink."""


class Neighbourhoods:
    """Boxes by the squares of a grid that they cover: the boxes near another are found without comparing all pairs."""

    def __init__(self, boxes: Mapping[int, Box], side: int) -> None:
        self._side = max(1, side)
        self._squares: dict[tuple[int, int], list[int]] = {}
        for key, box in boxes.items():
            for square in self._covered(box, 0):
                self._squares.setdefault(square, []).append(key)

    def around(self, box: Box, reach: int = 0) -> list[int]:
        """Return the keys of at least those boxes that come within ``reach`` pixels of ``box``, ascending."""
        return sorted({key for square in self._covered(box, reach) for key in self._squares.get(square, ())})

    def _covered(self, box: Box, reach: int) -> Iterator[tuple[int, int]]:
        rows = range((box.top - reach) // self._side, (box.bottom + reach) // self._side + 1)
        columns = range((box.left - reach) // self._side, (box.right + reach) // self._side + 1)
        return ((row, column) for row in rows for column in columns)


def group_pieces(components: Components, *, drop_cut_off: bool = False) -> list[DigitGroup]:
    """Group components into digits, in the order of their first pixels.

    ``drop_cut_off`` ignores components at the border, such as a table or the edge of the sheet, if there are others.
    """
    pieces = list(range(len(components)))
    if drop_cut_off:
        pieces = [piece for piece in pieces if not is_cut_off(components.boxes[piece], components.shape)] or pieces
    if not pieces:
        return []
    height = _digit_height([(components.boxes[piece].height, components.areas[piece]) for piece in pieces])
    if height < MIN_HEIGHT or MIN_SHARE * height < max(components.shape):
        return []
    pieces = [piece for piece in pieces if DIRT * DIRT * components.areas[piece] >= height * height]
    large = [piece for piece in pieces if SMALL * components.boxes[piece].height >= height]
    boxes = components.boxes
    near = Neighbourhoods({piece: boxes[piece] for piece in large}, height)
    owners = {piece: piece for piece in large}
    for piece in large:
        for other in near.around(boxes[piece]):
            if other < piece and boxes[piece].overlaps(boxes[other]):
                old, new = root_of(owners, piece), root_of(owners, other)
                owners[max(old, new)] = min(old, new)
    owners = {piece: root_of(owners, piece) for piece in large}
    for piece in pieces:
        if piece in owners:
            continue
        box = boxes[piece]
        gap, nearest = min(
            ((box.gap_to(boxes[other]), other) for other in near.around(box, height // MAX_GAP)), default=(height, -1)
        )
        if MAX_GAP * gap <= height:
            owners[piece] = owners[nearest]
        elif ALONE * box.longer_side >= height:
            owners[piece] = piece
    return _groups(components, owners)


def is_cut_off(box: Box, shape: tuple[int, int]) -> bool:
    """Return whether a box reaches the border of an image of (height, width)."""
    return box.top == 0 or box.left == 0 or box.bottom == shape[0] - 1 or box.right == shape[1] - 1


def merge_groups(groups: Sequence[DigitGroup]) -> DigitGroup:
    """Merge groups into one."""
    pieces, box = tuple(piece for group in groups for piece in group.pieces), box_around([group.box for group in groups])
    return DigitGroup(pieces, box, sum(group.area for group in groups))


def in_reading_order(boxes: Sequence[Box]) -> list[int]:
    """Return the indices of boxes row by row, each from the left."""
    if not boxes:
        return []
    height = median(box.height for box in boxes)
    slope = _slope(boxes)
    middles = [((box.left + box.right) / 2, (box.top + box.bottom) / 2) for box in boxes]
    levels = [down - slope * across for across, down in middles]
    rows: list[list[int]] = []
    total = 0.0
    for index in sorted(range(len(boxes)), key=lambda index: levels[index]):
        if rows and levels[index] - total / len(rows[-1]) <= SAME_ROW * height:
            rows[-1].append(index)
            total += levels[index]
        else:
            rows.append([index])
            total = levels[index]
    return [index for row in rows for index in sorted(row, key=lambda index: middles[index][0])]


def _groups(components: Components, owners: dict[int, int]) -> list[DigitGroup]:
    members: dict[int, list[int]] = {}
    for piece in sorted(owners):
        members.setdefault(owners[piece], []).append(piece)
    return [
        merge_groups([DigitGroup((piece,), components.boxes[piece], components.areas[piece]) for piece in pieces])
        for pieces in members.values()
    ]


def _digit_height(heights: Sequence[tuple[int, int]]) -> int:
    """Return the height such that half of the area is in components at least that high."""
    total, so_far = sum(area for _, area in heights), 0
    for height, area in sorted(heights, reverse=True):
        so_far += area
        if 2 * so_far >= total:
            return height
    raise AssertionError("no components")


def _slope(boxes: Sequence[Box]) -> float:
    """Return how far rows go down per pixel to the right; 0 if no digit has a neighbour."""
    slopes = []
    neighbourhoods = Neighbourhoods(dict(enumerate(boxes)), int(median(box.height for box in boxes)))
    for box in boxes:
        beside = Box(box.top, box.right + 1, box.bottom, box.right + 2 * box.height)
        others = [boxes[index] for index in neighbourhoods.around(beside)]
        near = [other for other in others if 0 < other.left - box.right <= 2 * box.height and box.shared_height(other) > 0]
        if near:
            other = min(near, key=lambda other: other.left)
            across = (other.left + other.right - box.left - box.right) / 2
            slopes.append((other.top + other.bottom - box.top - box.bottom) / 2 / across)
    return median(slopes) if slopes else 0.0
