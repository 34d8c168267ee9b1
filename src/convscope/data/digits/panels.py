"""Panels: rectangles of another brightness than the page, such as a drawing pad in a screenshot or the axes of a saved plot.

A component is a panel if nearly all of its outermost rows and columns are ink: it is **filled** by the pad's own colour, or an
**outline** around other components. Beside a filled panel, all large filled components are panels: photos whose edge is partly as
bright as the page. ``page/js/image/preprocess/panels.js`` finds the same.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .box import Box
from .connected_components import Components

MIN_LENGTH = 0.9
"""Share of a row or column of a panel that is ink at its edge; the corners may be round."""
MIN_EXTENT = 0.8
"""Share of the component's sides that the panel must have; the rest is ticks of an axis."""
MIN_FILL = 0.6
"""Share of ink from which a panel is filled."""
MIN_SQUARE_FILL, SQUARE = 0.4, 1.2
"""The same for a panel of up to this aspect: a thick digit leaves half of its pad, and a boxed 8 of such strokes is no square."""
MAX_ASPECT = 2
"""A longer rectangle is a stroke, such as a 1."""
MAX_PANELS = 100
MAX_DEPTH = 4
"""Panels within panels that are looked into, such as a pad in a page in a window."""


@dataclass(frozen=True)
class Panel:
    """A rectangle to look into."""

    box: Box
    """The inside, without its edge."""
    is_filled: bool


def find_panels(components: Components, min_side: int) -> list[Panel]:
    """Return the panels with an inside of at least ``min_side`` pixels, in the order of their first pixels.

    Those inside another one are left to whoever looks into that one.
    """
    large = [piece for piece, box in enumerate(components.boxes) if min(box.height, box.width) > min_side]
    found = [_panel(components, piece) for piece in large[:MAX_PANELS]]
    panels = [panel for panel in found if panel]
    if any(panel.is_filled for panel in panels):
        boxes = [panel.box for panel in panels]
        for place, piece in enumerate(large[:MAX_PANELS]):
            if not found[place] and not any(box.holds(components.boxes[piece]) for box in boxes):
                found[place] = _photo(components, piece)
    panels = [panel for panel in found if panel and min(panel.box.height, panel.box.width) >= min_side]
    boxes = [panel.box for panel in panels]
    return [
        panel
        for place, panel in enumerate(panels)
        if not any(
            box.holds(panel.box) and (panel.box != box or other < place) for other, box in enumerate(boxes) if other != place
        )
    ]


def _photo(components: Components, piece: int) -> Panel | None:
    """Return a component as a panel if it fills most of its box."""
    box = components.boxes[piece]
    height, width = box.height, box.width
    if components.areas[piece] < MIN_FILL * height * width or max(height, width) > MAX_ASPECT * min(height, width):
        return None
    return Panel(box.grown(-_edge(height, width)), True)


def _edge(height: int, width: int) -> int:
    """Return the soft border of a filled panel, in pixels."""
    return max(4, min(height, width) // 40)


def _panel(components: Components, piece: int) -> Panel | None:
    box = components.boxes[piece]
    mask = components.mask_of([piece], box)
    rows, columns = (np.flatnonzero(mask.sum(axis=1 - axis) >= MIN_LENGTH * mask.shape[1 - axis]) for axis in (0, 1))
    if not rows.size or not columns.size:
        return None
    height, width = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    if (
        height < MIN_EXTENT * mask.shape[0]
        or width < MIN_EXTENT * mask.shape[1]
        or max(height, width) > MAX_ASPECT * min(height, width)
    ):
        return None
    is_square = max(height, width) <= SQUARE * min(height, width)
    is_filled = bool(mask.sum() >= (MIN_SQUARE_FILL if is_square else MIN_FILL) * height * width)
    edge = _edge(height, width)
    if not is_filled:
        edge = max(_leading(rows), _leading(columns), _leading(-rows[::-1]), _leading(-columns[::-1])) + 2
    inside = Box(int(rows[0]), int(columns[0]), int(rows[-1]), int(columns[-1])).moved(box.top, box.left).grown(-edge)
    # A boxed 8 has an outline too, but nothing apart from it inside.
    tops, lefts, bottoms, rights = components.sides.T
    within = (tops >= inside.top) & (lefts >= inside.left) & (bottoms <= inside.bottom) & (rights <= inside.right)
    return Panel(inside, is_filled) if is_filled or within.any() else None


def _leading(places: npt.NDArray[np.int64]) -> int:
    """Return how many ascending integers follow each other from the first."""
    steps = np.flatnonzero(np.diff(places) != 1)
    return int(steps[0]) + 1 if steps.size else len(places)
