"""MNIST-style preprocessing, which makes drawings and photos look like training data.

Each of the six steps can be switched off:

1. **polarity**: light ink on a dark background. The image is inverted if the median of its border is above the middle between
   its darkest and its brightest pixel.
2. **background**: the border's median is subtracted. Of the rest, everything up to a fifth of the strongest ink becomes 0,
   unless it touches stronger ink, whose soft edge it then is. A contrast below 16 levels is no ink at all.
3. **crop** to the bounding box of the ink.
4. **fit** into 20 × 20 (of 28 × 28), keeping the aspect ratio: area means when shrinking, bilinear when growing. Strokes that
   would be thinner than 1.4 pixels are thickened before.
5. **contrast**: stretched until the strongest ink is 255.
6. **centre**: moved by whole pixels until the centre of mass is on pixel (14, 14), halves towards the top left, but never so far
   that ink leaves the frame.

Notes:
    The numbers were measured on MNIST's 70,000 digits: the longer side is 20 in 69,984 of them, the peak is 254 or 255 in all,
    and the centre of mass is within half a pixel of (14, 14) in 69,998; in three of these it is exactly at 13.5. In one of the
    other two the ink touches the frame. MNIST's authors describe box, aspect ratio, soft edges and centre of mass: Y. LeCun,
    C. Cortes and C. Burges, yann.lecun.com/exdb/mnist.

    All arithmetic is on integers, so that ``page/js/image/preprocess/mnist-style.js`` gives identical results. A test
    compares them.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError, ShapeError
from ...system.forms import Between, Size
from ..images.resample import GreyImage, fit_into
from .box import Box

Level = TypeVar("Level", np.bool_, np.uint8)
FULL_INK = 254
"""MNIST's peaks are 254 or 255, so an image that reaches this is not stretched."""
MIN_SIZE_FRACTION = 1e-3
"""Of the frame, that a digit may fill: less is no pixel of most."""
THIN = 14
"""Strokes are thin below 1 / 14 of the longer side, 1.4 of 20 pixels."""
DETAIL = 4
"""Strokes are thickened at up to 4 times the resolution of the result: afterwards it breaks more digits than it mends."""


@dataclass(frozen=True)
class DigitPreprocessing:
    """Settings of the preprocessing: the size of the result, the steps, and their parameters."""

    height: Annotated[int, Size("rows of an image", 1)] = 28
    width: Annotated[int, Size("columns of an image", 1)] = 28
    polarity: Literal["auto", "keep", "invert"] = "auto"
    """``"auto"`` decides by the border."""
    background: bool = True
    crop: bool = True
    """If off, the whole image is scaled into the box."""
    fit: bool = True
    """If off, the box is the whole frame."""
    contrast: bool = True
    centre: bool = True
    """If off, the box is in the middle of the frame."""
    digit_size_fraction: Annotated[float, Between(MIN_SIZE_FRACTION, 1)] = 20 / 28
    """Sides of the box as a share of the frame's."""
    background_share: Annotated[float, Between(0, 1)] = 0.2
    """Share of the contrast up to which levels are background."""
    min_contrast: Annotated[int, Between(0, 255)] = 16
    """Smallest contrast of ink, in grey levels."""

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1:
            raise ConfigError(f"height and width must be at least 1; got {self.height} and {self.width}.")
        if self.polarity not in ("auto", "keep", "invert"):
            raise ConfigError(f"polarity must be 'auto', 'keep' or 'invert'; got {self.polarity!r}.")
        if not MIN_SIZE_FRACTION <= self.digit_size_fraction <= 1 or not 0 <= self.background_share < 1:
            raise ConfigError(
                f"digit_size_fraction must be in [0.001, 1] and background_share in [0, 1); got {self.digit_size_fraction} and "
                f"{self.background_share}."
            )


@dataclass(frozen=True)
class PreparedDigit:
    """A preprocessed digit, and what the steps did."""

    pixels: GreyImage
    """(height, width) uint8."""
    box: Box | None
    """Bounding box of the ink in the original image; None without ink."""
    ink: GreyImage
    """(h, w) uint8 the original, light on dark, without its background."""
    cut: int
    """Levels of the ink up to this one became 0, unless they touch stronger ones."""
    inverted: bool
    has_background: bool
    """Whether something was subtracted from the background, or became 0."""
    thickened: bool
    """Whether thin strokes were thickened."""
    fitted: tuple[int, int]
    """(height, width) of the box that the ink was scaled into."""
    stretched: bool
    """Whether the contrast was."""

    @property
    def empty(self) -> bool:
        """Whether no ink was found, so that all pixels are 0."""
        return not self.pixels.any()


def prepare_digit(image: GreyImage, settings: DigitPreprocessing | None = None) -> PreparedDigit:
    """Preprocess a grey image (h, w) uint8 as MNIST's digits were, by default to 28 × 28.

    Raises:
        ShapeError: ``image`` has another shape or dtype, or no pixels.
    """
    settings = settings or DigitPreprocessing()
    if image.ndim != 2 or image.dtype != np.uint8 or not image.size:
        raise ShapeError(
            f"a grey image must be (height, width) uint8 with at least one pixel; got {image.shape} {image.dtype}. "
            "Convert it first: to_grey(image)."
        )
    border = border_median(image)
    above = 2 * border > int(image.min()) + int(image.max())
    inverted = above if settings.polarity == "auto" else settings.polarity == "invert"
    light = 255 - image if inverted else image
    ink, level, cut = _remove_background(light, 255 - border if inverted else border, settings)
    box = _ink_box(ink)
    cropped = box.cut(ink) if box is not None and settings.crop else ink
    fitted, thickened = _fit_into_box(cropped, settings)
    stretched = _stretch_contrast(fitted) if settings.contrast else fitted
    has_background = level > 0 or not np.array_equal(ink, light)
    return PreparedDigit(
        _centre_mass(stretched, settings), box, ink, cut, inverted, has_background, thickened,
        (fitted.shape[0], fitted.shape[1]), not np.array_equal(stretched, fitted),
    )  # fmt: skip


def border_median(image: GreyImage) -> int:
    """Return the lower median of the outermost pixels of an image (h, w)."""
    ring = np.ones(image.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    counts = np.bincount(image[ring], minlength=256)
    return int(np.searchsorted(2 * np.cumsum(counts), counts.sum()))


def _remove_background(image: GreyImage, level: int, settings: DigitPreprocessing) -> tuple[GreyImage, int, int]:
    """Return the ink, the level that was subtracted, and the cut; ``level`` is that of the border."""
    peak, darkest = int(image.max()), int(image.min())
    if not settings.background:
        return image, 0, 0
    if 2 * level > darkest + peak:
        level = darkest  # the polarity was given, and the border is mostly ink
    contrast = peak - level
    cut = int(contrast * settings.background_share)
    ink = np.where(image > level, image - np.uint8(level), 0).astype(np.uint8)
    if contrast < settings.min_contrast:
        return np.zeros_like(ink), level, contrast
    return np.where(dilate(ink > cut), ink, 0).astype(np.uint8), level, cut


def dilate(image: npt.NDArray[Level]) -> npt.NDArray[Level]:
    """Dilate a mask or a grey image (h, w) by the eight neighbours of each pixel."""
    rows = image.copy()
    np.maximum(rows[1:], image[:-1], out=rows[1:])
    np.maximum(rows[:-1], image[1:], out=rows[:-1])
    both = rows.copy()
    np.maximum(both[:, 1:], rows[:, :-1], out=both[:, 1:])
    np.maximum(both[:, :-1], rows[:, 1:], out=both[:, :-1])
    return both


def _ink_box(image: GreyImage) -> Box | None:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]), int(columns[-1])) if rows.size else None


def _fit_into_box(image: GreyImage, settings: DigitPreprocessing) -> tuple[GreyImage, bool]:
    """Return the image scaled into the box, and whether its strokes were thickened before."""
    share = settings.digit_size_fraction if settings.fit else 1.0
    box = max(1, int(settings.height * share + 0.5)), max(1, int(settings.width * share + 0.5))
    thick = _thicken_strokes(image, box) if settings.fit else None
    return fit_into(image if thick is None else thick, box), thick is not None


def _thicken_strokes(image: GreyImage, box: tuple[int, int]) -> GreyImage | None:
    """Return an image at least twice as large as ``box``, reduced and with strokes thickened; None if they are not thin."""
    large = DETAIL * box[0], DETAIL * box[1]
    if max(image.shape) < 2 * max(box):
        return None
    if image.shape[0] > large[0] or image.shape[1] > large[1]:
        image = fit_into(image, large)
        image = found.cut(image) if (found := _ink_box(image)) else image
    ink = np.pad(2 * image.astype(np.int64) > int(image.max()), 1)
    if not ink.any():
        return None
    edges = int((ink[1:] != ink[:-1]).sum() + (ink[:, 1:] != ink[:, :-1]).sum())
    # The outline of a stroke is twice as long as the stroke, and crosses 4 / π times as many edges of pixels.
    width = 8 * int(ink.sum()) / (np.pi * edges)
    rounds = int((max(image.shape) / THIN - width) / 2 + 0.5)
    if rounds < 1:
        return None
    image = np.pad(image, rounds)
    for _ in range(rounds):
        image = dilate(image)
    return image


def _stretch_contrast(image: GreyImage) -> GreyImage:
    peak = int(image.max())
    if peak == 0 or peak >= FULL_INK:
        return image
    return ((2 * 255 * image.astype(np.int64) + peak) // (2 * peak)).astype(np.uint8)


def _centre_mass(image: GreyImage, settings: DigitPreprocessing) -> GreyImage:
    frame, sides = (settings.height, settings.width), image.shape
    middle = (frame[0] - sides[0]) // 2, (frame[1] - sides[1]) // 2
    box = _ink_box(image)
    if box is None or not settings.centre:
        return _paste(image, middle, frame)
    total = int(image.sum(dtype=np.int64))
    down, across = (int(np.arange(sides[axis]) @ image.sum(axis=1 - axis, dtype=np.int64)) for axis in (0, 1))
    corner = (
        min(max(_corner(down, total, frame[0]), -box.top), frame[0] - 1 - box.bottom),
        min(max(_corner(across, total, frame[1]), -box.left), frame[1] - 1 - box.right),
    )
    return _paste(image, corner, frame)


def _corner(moment: int, total: int, side: int) -> int:
    """Return the offset that brings the centre, moment / total, to the frame's middle."""
    # Of two equally near offsets the smaller one: halves go up and left, as three of MNIST's digits show.
    return -((total + 2 * moment - 2 * (side // 2) * total) // (2 * total))


def _paste(image: GreyImage, corner: tuple[int, int], frame: tuple[int, int]) -> GreyImage:
    """Return ``image`` in a frame of zeros, with its corner at ``corner``."""
    placed = np.zeros(frame, dtype=np.uint8)
    (top, left), (height, width) = corner, image.shape
    rows = slice(max(top, 0), min(top + height, frame[0]))
    columns = slice(max(left, 0), min(left + width, frame[1]))
    placed[rows, columns] = image[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return placed
