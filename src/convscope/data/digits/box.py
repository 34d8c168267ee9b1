"""Rectangles of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, with both ends included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top + 1

    @property
    def width(self) -> int:
        return self.right - self.left + 1

    @property
    def longer_side(self) -> int:
        return max(self.height, self.width)

    def moved(self, down: int, across: int) -> Box:
        return Box(self.top + down, self.left + across, self.bottom + down, self.right + across)

    def grown(self, by: int) -> Box:
        """Return the box with ``by`` more pixels on each side."""
        return Box(self.top - by, self.left - by, self.bottom + by, self.right + by)

    def enlarged(self, factor: int) -> Box:
        """Return the same rectangle in an image with ``factor`` pixels per pixel here, along each side."""
        return Box(self.top * factor, self.left * factor, (self.bottom + 1) * factor - 1, (self.right + 1) * factor - 1)

    def holds(self, other: Box) -> bool:
        return (
            self.top <= other.top and self.left <= other.left and other.bottom <= self.bottom and other.right <= self.right
        )

    def cut(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the pixels of the box in an image (h, w)."""
        return image[self.top : self.bottom + 1, self.left : self.right + 1]

    def gap_to(self, other: Box) -> int:
        """Return the larger of the horizontal and vertical gaps, at least 0."""
        across = max(self.left, other.left) - min(self.right, other.right) - 1
        down = max(self.top, other.top) - min(self.bottom, other.bottom) - 1
        return max(across, down, 0)

    def shared_height(self, other: Box) -> int:
        return min(self.bottom, other.bottom) - max(self.top, other.top) + 1

    def overlaps(self, other: Box) -> bool:
        """Return whether the boxes share half of the smaller one's area."""
        across = min(self.right, other.right) - max(self.left, other.left) + 1
        shared = max(across, 0) * max(self.shared_height(other), 0)
        return 2 * shared >= min(self.height * self.width, other.height * other.width)


def box_around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box that holds all ``boxes``."""
    return Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
    )
