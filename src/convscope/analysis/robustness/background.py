"""The background of a dataset, which fills the margins of moved or rotated images."""

from dataclasses import dataclass

import numpy as np

from ...types import Floats, Images

TOLERANCE = 10
"""Largest difference in grey levels from the median at which a border pixel counts as background."""
MIN_SHARE = 0.5
"""Smallest share of border pixels of that level in a dataset with a background."""
LIGHT = 128
"""Smallest mean level of a light background."""


@dataclass(frozen=True)
class Background:
    """The common background of the images of a dataset, if there is one."""

    level: tuple[int, ...] | None
    """Level per channel, 0..255, or None for photos."""

    @property
    def is_light(self) -> bool:
        """Whether the content is dark on light; photos count as light on dark."""
        return self.level is not None and sum(self.level) / len(self.level) >= LIGHT

    @property
    def ink(self) -> float:
        """The level, 0 or 1, of a line that is visible on the images."""
        return 0.0 if self.is_light else 1.0

    def padded(self, images: Floats, margin: int) -> Floats:
        """Return ``images`` (n, h, w, c) in 0..1 with a margin of background on each side."""
        if self.level is None:
            # Photos repeat their edge pixels: a black margin would add an edge that no photo has.
            return np.pad(images, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="edge")
        result = np.empty((len(images), *(side + 2 * margin for side in images.shape[1:3]), images.shape[3]), images.dtype)
        result[:] = np.asarray(self.level, images.dtype) / 255
        result[:, margin : margin + images.shape[1], margin : margin + images.shape[2]] = images
        return result


def background_of(images: Images) -> Background:
    """Return the background of ``images`` (n, h, w, c), the median level of their border."""
    # 84% of the border of MNIST is 0; in photos a single level makes up a tenth of it.
    border = np.concatenate([part.reshape(-1, images.shape[3]) for part in (images[:, [0, -1]], images[:, 1:-1, [0, -1]])])
    level = np.median(border, axis=0)
    near = (np.abs(border - level) <= TOLERANCE).all(axis=1).mean()
    return Background(tuple(int(value) for value in level) if near >= MIN_SHARE else None)
