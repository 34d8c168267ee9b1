"""What lies beyond the edge of an image, where it is moved or turned: nothing, for drawings; more of the same, for photos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Images

NEAR = 10
"""Grey levels that a border may be away from the commonest one and still be called the same."""
ENOUGH = 0.5
"""Of the border pixels must be of one level for it to be a background."""
LIGHT = 128


@dataclass(frozen=True)
class Background:
    """The background that all images of a dataset share, or none."""

    level: tuple[int, ...] | None
    """Per channel, 0..255: what MNIST's border is, and what a digit that moves leaves behind. ``None`` for photos, whose last
    pixels are repeated instead: a black margin would be an edge that no photo has."""

    @property
    def is_light(self) -> bool:
        """Whether things are drawn dark on light. Photos count as dark, so that light lines are drawn over them."""
        return self.level is not None and sum(self.level) / len(self.level) >= LIGHT

    @property
    def ink(self) -> float:
        """0..1: what a line over such an image has to be for it to show."""
        return 0.0 if self.is_light else 1.0

    def padded(self, images: Floats, margin: int) -> Floats:
        """``images`` (n, h, w, c) in 0..1 with ``margin`` pixels more on each side."""
        places = ((0, 0), (margin, margin), (margin, margin), (0, 0))
        if self.level is None:
            return np.pad(images, places, mode="edge")
        result = np.empty((len(images), *(side + 2 * margin for side in images.shape[1:3]), images.shape[3]), images.dtype)
        result[:] = np.asarray(self.level, images.dtype) / 255
        result[:, margin : margin + images.shape[1], margin : margin + images.shape[2]] = images
        return result

    def describe(self) -> dict[str, object]:
        """For a run's record."""
        return {"level": None if self.level is None else list(self.level)}


def background_of(images: Images) -> Background:
    """The background of ``images`` (n, h, w, c): the median of their border, where at least half of the border is of that
    level, give or take ten. Of MNIST's 84% of it is 0; of photos a tenth may be of any one level."""
    border = np.concatenate([part.reshape(-1, images.shape[3]) for part in (images[:, [0, -1]], images[:, 1:-1, [0, -1]])])
    level = np.median(border, axis=0)
    near = (np.abs(border - level) <= NEAR).all(axis=1).mean()
    return Background(tuple(int(value) for value in level) if near >= ENOUGH else None)
