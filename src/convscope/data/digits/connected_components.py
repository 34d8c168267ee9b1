"""Connected components of a mask (8-connectivity), as in ``connected-components.js``."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .box import Box


@dataclass(frozen=True, eq=False)
class Components:
    """The components of a mask (h, w), in the order of their first pixels, row by row."""

    shape: tuple[int, int]
    runs: npt.NDArray[np.int64]
    """(r, 4) row, first column, last column and component of each run of pixels in a row."""
    boxes: tuple[Box, ...]
    areas: tuple[int, ...]
    """Pixels of each component."""

    def __len__(self) -> int:
        return len(self.boxes)

    @cached_property
    def sides(self) -> npt.NDArray[np.int64]:
        """(n, 4) top, left, bottom and right of each box."""
        return np.array([astuple(box) for box in self.boxes], dtype=np.int64).reshape(-1, 4)

    def mask_of(self, pieces: Iterable[int], area: Box | None = None) -> npt.NDArray[np.bool_]:
        """Return a mask of the given components, which lie in ``area``; (h, w) without it."""
        top, left, bottom, right = (0, 0, self.shape[0] - 1, self.shape[1] - 1) if area is None else astuple(area)
        mask = np.zeros((bottom - top + 1, right - left + 1), dtype=bool)
        runs, starts = self._runs_by_piece
        for piece in pieces:
            for row, first, last, _ in runs[starts[piece] : starts[piece + 1]].tolist():
                mask[row - top, first - left : last - left + 1] = True
        return mask

    @cached_property
    def _runs_by_piece(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the runs ordered by component, and where those of each begin."""
        runs = self.runs[np.argsort(self.runs[:, 3], kind="stable")]
        return runs, np.searchsorted(runs[:, 3], np.arange(len(self) + 1))


def label_components(mask: npt.NDArray[np.bool_]) -> Components:
    """Find the connected components of ``mask`` (h, w)."""
    # Not scipy.ndimage.label: importing SciPy takes longer than the rest of a prediction.
    rows, first, last = _runs(mask)
    # A run touches those of the row above that begin before its end and end after its beginning, corners included.
    stride = mask.shape[1] + 2
    above = (rows - 1) * stride
    lower = np.searchsorted(rows * stride + last, above + first - 1)
    upper = np.searchsorted(rows * stride + first, above + last + 1, side="right")
    parents = list(range(len(rows)))
    for run, (begin, end) in enumerate(zip(lower.tolist(), upper.tolist(), strict=True)):
        for other in range(begin, end):
            one, two = root_of(parents, run), root_of(parents, other)
            parents[max(one, two)] = min(one, two)
    roots = np.array([root_of(parents, run) for run in range(len(rows))], dtype=np.int64)
    found, pieces = np.unique(roots, return_inverse=True)
    count = len(found)
    tops, lefts = (np.full(count, max(mask.shape), dtype=np.int64) for _ in range(2))
    bottoms, rights, areas = (np.zeros(count, dtype=np.int64) for _ in range(3))
    np.minimum.at(tops, pieces, rows)
    np.minimum.at(lefts, pieces, first)
    np.maximum.at(bottoms, pieces, rows)
    np.maximum.at(rights, pieces, last)
    np.add.at(areas, pieces, last - first + 1)
    boxes = tuple(Box(*sides) for sides in zip(*(each.tolist() for each in (tops, lefts, bottoms, rights)), strict=True))
    return Components(
        (mask.shape[0], mask.shape[1]), np.stack([rows, first, last, pieces], axis=1), boxes, tuple(areas.tolist())
    )


def _runs(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return row, first and last column of each run, in row order."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, first = np.nonzero(steps == 1)
    _, beyond = np.nonzero(steps == -1)
    return rows.astype(np.int64), first.astype(np.int64), beyond.astype(np.int64) - 1


def root_of(parents: list[int] | dict[int, int], run: int) -> int:
    """Return the first of those that were joined with ``run``, of which each names another as its parent."""
    while parents[run] != run:
        parents[run] = parents[parents[run]]
        run = parents[run]
    return run
