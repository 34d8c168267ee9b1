"""Many small images in one: a thousand axes would take a minute to draw, one image takes milliseconds."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from ..types import Floats, Images
from .theme import DARK_ON_TINT, LIGHT_ON_TINT

Pixels = npt.NDArray[np.uint8]
"""(…, 4) red, green, blue and opacity, 0 to 255."""
MIN_TILE = 10
"""Smaller tiles are enlarged, each pixel to a block, so that the gaps between tiles can be narrow."""
DARK_BORDER = 10
BALANCE = 0.179
"""Relative luminance at which black and white text have equal contrast (WCAG 2)."""


@dataclass(frozen=True, eq=False)
class Mosaic:
    """A grid of images of one size: ``tiles`` (rows, columns, h, w, 4); missing images have opacity 0."""

    tiles: Pixels

    @property
    def rows(self) -> int:
        return len(self.tiles)

    @property
    def columns(self) -> int:
        return int(self.tiles.shape[1])

    @property
    def side(self) -> int:
        """Length of the shorter side of a tile, in pixels."""
        return int(min(self.tiles.shape[2:4]))

    @property
    def enlargement(self) -> int:
        """Factor by which a tile is enlarged."""
        return -(-MIN_TILE // self.side)

    @property
    def gap(self) -> int:
        """Empty pixels to the right of and below each tile."""
        return max(1, round(0.07 * self.enlargement * self.side))

    @property
    def pixels(self) -> Pixels:
        """The grid as one image, with transparent gaps."""
        factor = self.enlargement
        tiles = self.tiles.repeat(factor, axis=2).repeat(factor, axis=3)
        rows, columns, height, width, _ = tiles.shape
        image = np.zeros((rows, height + self.gap, columns, width + self.gap, 4), np.uint8)
        image[:, :height, :, :width] = tiles.transpose(0, 2, 1, 3, 4)
        return image.reshape(rows * (height + self.gap), columns * (width + self.gap), 4)

    @property
    def tile_share(self) -> float:
        """Share of a tile in the distance from one tile to the next."""
        side = self.enlargement * self.side
        return side / (side + self.gap)

    def centre(self, index: int) -> float:
        """Return the centre of row or column ``index``, in units of the distance between tiles."""
        return index + self.tile_share / 2


def in_rows(tiles: Pixels, columns: int) -> Mosaic:
    """Arrange ``tiles`` (n, h, w, 4) in rows of ``columns``; the last row may be shorter."""
    rows = -(-len(tiles) // columns)
    filled = np.zeros((rows * columns, *tiles.shape[1:]), np.uint8)
    filled[: len(tiles)] = tiles
    return Mosaic(filled.reshape(rows, columns, *tiles.shape[1:]))


def coloured(values: Floats, colormap: str, low: float, high: float) -> Pixels:
    """Return ``values`` (…) in the colours of ``colormap``, from ``low`` to ``high``: (…, 4)."""
    shares = (values - low) / ((high - low) or 1.0)
    return np.asarray(mpl.colormaps[colormap](np.clip(shares, 0.0, 1.0), bytes=True), np.uint8)


def shown_images(images: Images) -> Pixels:
    """Return ``images`` (n, h, w, c) as they are shown: (n, h, w, 4), with bright strokes as black on white."""
    # Of other numbers of channels than one and three, the first three or the mean are shown.
    if images.shape[-1] >= 3:
        return np.concatenate([images[..., :3], np.full_like(images[..., :1], 255)], axis=-1)
    grey = images.mean(axis=-1).round().astype(np.uint8)
    if is_ink(images):
        grey = 255 - grey
    return np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1)


def is_ink(images: Images) -> bool:
    """Return whether grey ``images`` are bright strokes on a black background, by their borders."""
    border = np.concatenate([images[:, [0, -1]].ravel(), images[:, :, [0, -1]].ravel()])
    return images.shape[-1] < 3 and float(np.median(border)) <= DARK_BORDER


def text_on(pixel: Pixels) -> str:
    """Return black or white, whichever has more contrast on ``pixel`` (4,)."""
    shares = pixel[:3] / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return DARK_ON_TINT if float(linear @ [0.2126, 0.7152, 0.0722]) > BALANCE else LIGHT_ON_TINT
