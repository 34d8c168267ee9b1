"""What MNIST did to its digits, for any grey picture: so that a drawing or a photo looks to a network like its training set.

Six steps, each of which can be switched off, and each of which says what it did:

1. **polarity**: bright ink on dark ground. The picture is inverted where the median of its border lies above the middle
   between its darkest and its brightest pixel.
2. **ground**: the border's median is subtracted, and of what is left everything up to a fifth of the strongest ink becomes
   0, unless it touches stronger ink, whose soft edge it then is. A contrast below 16 levels is no ink at all.
3. **crop** to the ink's bounding box.
4. **fit** into 20 × 20 (of 28 × 28), keeping the aspect ratio: area means when shrinking, bilinear when growing.
5. **contrast**: stretched until the strongest ink is 255.
6. **centre**: moved by whole pixels until the centre of mass lies on pixel (14, 14), halves towards the top and the left,
   but never so far that ink leaves the frame.

The numbers are MNIST's own, read off its 70,000 digits: the longer side is 20 in 69,984 of them, the peak 254 or 255 in all,
the centre of mass within half a pixel of (14, 14) in 69,998; in three of those it lies at 13.5 exactly, and in one of the
other two the ink touches the frame. (What its makers describe is the box, the aspect ratio, soft edges and the centre of
mass: Y. LeCun, C. Cortes and C. Burges, yann.lecun.com/exdb/mnist.)

Integers all the way: ``page/web/js/image/prepare.js`` does the same to the last bit, and a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, ShapeError
from .digit_steps import Box, CentreStep, ContrastStep, CropStep, FitStep, GroundStep, PolarityStep
from .resample import Picture, fit_into, fitting_scale

FULL_INK = 254
"""MNIST's own peaks are 254 or 255: what reaches this is not stretched."""


@dataclass(frozen=True)
class DigitSettings:
    """What to make (``height`` × ``width``), which steps to take, and with what numbers.

    ``polarity``: ``"auto"`` asks the border, ``"keep"`` and ``"invert"`` tell. Without ``crop`` the whole picture is fitted;
    without ``fit`` it is fitted into the whole frame; without ``centre`` the box lies in the middle of the frame.
    """

    height: int = 28
    width: int = 28
    polarity: Literal["auto", "keep", "invert"] = "auto"
    background: bool = True
    crop: bool = True
    fit: bool = True
    contrast: bool = True
    centre: bool = True
    digit_size_fraction: float = 20 / 28
    background_share: float = 0.2
    min_contrast: int = 16

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1:
            raise ConfigError(f"height and width are {self.height} and {self.width}; at least 1 was expected.")
        if self.polarity not in ("auto", "keep", "invert"):
            raise ConfigError(f"polarity is {self.polarity!r}; 'auto', 'keep' or 'invert' was expected.")
        if not 0 < self.digit_size_fraction <= 1 or not 0 <= self.background_share < 1:
            raise ConfigError(
                f"digit_size_fraction is {self.digit_size_fraction} and background_share {self.background_share}; "
                "shares of 1 were expected, the first above 0, the second below 1."
            )


@dataclass(frozen=True)
class PreparedDigit:
    """``pixels`` (height, width) uint8, all 0 where ``empty``; and what each step did."""

    pixels: Picture
    empty: bool
    polarity: PolarityStep
    ground: GroundStep
    crop: CropStep
    fit: FitStep
    contrast: ContrastStep
    centre: CentreStep


def prepare_digit(picture: Picture, settings: DigitSettings | None = None) -> PreparedDigit:
    """(h, w) uint8 of any size → (28, 28) uint8, as MNIST would have it, with every step on the way.

    ``prepare_digit(photo).pixels``; a colour picture first becomes grey, by ``grey.to_grey``.
    Raises :class:`ShapeError` for anything but a picture with at least one pixel.
    """
    settings = settings or DigitSettings()
    if picture.ndim != 2 or picture.dtype != np.uint8 or not picture.size:
        raise ShapeError(
            f"The picture has shape {picture.shape} and dtype {picture.dtype}; (height, width) and uint8 were expected, "
            "with at least one pixel. Make it grey first: to_grey(picture)."
        )
    polarity = _settle_polarity(picture, settings)
    ground = _remove_ground(polarity, settings)
    crop = _crop_to_ink(ground.picture, on=settings.crop)
    fit = _fit_into_box(crop.picture, settings)
    contrast = _stretch_contrast(fit.picture, on=settings.contrast)
    centre = _centre_mass(contrast.picture, settings)
    return PreparedDigit(centre.picture, not centre.picture.any(), polarity, ground, crop, fit, contrast, centre)


def _settle_polarity(picture: Picture, settings: DigitSettings) -> PolarityStep:
    border = border_median(picture)
    above = 2 * border > int(picture.min()) + int(picture.max())
    inverted = above if settings.polarity == "auto" else settings.polarity == "invert"
    return PolarityStep(border, inverted, 255 - picture if inverted else picture.copy())


def border_median(picture: Picture) -> int:
    """The median of the outermost pixels of (h, w): of an even number, the darker of the two in the middle."""
    ring = np.ones(picture.shape, dtype=bool)
    ring[1:-1, 1:-1] = False
    counts = np.bincount(picture[ring], minlength=256)
    return int(np.searchsorted(2 * np.cumsum(counts), counts.sum()))


def _remove_ground(polarity: PolarityStep, settings: DigitSettings) -> GroundStep:
    picture = polarity.picture
    peak = int(picture.max())
    if not settings.background:
        return GroundStep(0, peak, 0, picture.copy())
    level, darkest = 255 - polarity.border if polarity.inverted else polarity.border, int(picture.min())
    if 2 * level > darkest + peak:
        level = darkest  # the polarity was told, and the border is mostly ink
    contrast = peak - level
    cut = int(contrast * settings.background_share)
    ink = np.where(picture > level, picture - np.uint8(level), 0).astype(np.uint8)
    if contrast < settings.min_contrast:
        return GroundStep(level, peak, contrast, np.zeros_like(ink))
    return GroundStep(level, peak, cut, np.where(grown(ink > cut), ink, 0).astype(np.uint8))


def grown(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """``mask`` and the eight neighbours of each of its pixels."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    both = rows.copy()
    both[:, 1:] |= rows[:, :-1]
    both[:, :-1] |= rows[:, 1:]
    return both


def _ink_box(picture: Picture) -> Box | None:
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]), int(columns[-1])) if rows.size else None


def _crop_to_ink(picture: Picture, *, on: bool) -> CropStep:
    box = _ink_box(picture)
    if box is None or not on:
        return CropStep(box, picture.copy())
    return CropStep(box, picture[box.top : box.bottom + 1, box.left : box.right + 1].copy())


def _fit_into_box(picture: Picture, settings: DigitSettings) -> FitStep:
    share = settings.digit_size_fraction if settings.fit else 1.0
    box = max(1, int(settings.height * share + 0.5)), max(1, int(settings.width * share + 0.5))
    height, width = picture.shape
    scale = fitting_scale((height, width), box)
    size = height * scale.box / scale.length, width * scale.box / scale.length
    return FitStep(scale.factor, *size, fit_into(picture, box))


def _stretch_contrast(picture: Picture, *, on: bool) -> ContrastStep:
    peak = int(picture.max())
    if not on or peak == 0 or peak >= FULL_INK:
        return ContrastStep(peak, picture.copy())
    return ContrastStep(peak, ((2 * 255 * picture.astype(np.int64) + peak) // (2 * peak)).astype(np.uint8))


def _centre_mass(picture: Picture, settings: DigitSettings) -> CentreStep:
    frame, sides = (settings.height, settings.width), picture.shape
    middle = (frame[0] - sides[0]) // 2, (frame[1] - sides[1]) // 2
    box = _ink_box(picture)
    if box is None:
        return CentreStep(None, (0, 0), limited=False, picture=_placed(picture, middle, frame))
    total = int(picture.sum(dtype=np.int64))
    down, across = (int(np.arange(sides[axis]) @ picture.sum(axis=1 - axis, dtype=np.int64)) for axis in (0, 1))
    wanted = place = middle
    if settings.centre:
        wanted = _corner(down, total, frame[0]), _corner(across, total, frame[1])
        place = (
            min(max(wanted[0], -box.top), frame[0] - 1 - box.bottom),
            min(max(wanted[1], -box.left), frame[1] - 1 - box.right),
        )
    shift = place[0] - middle[0], place[1] - middle[1]
    return CentreStep((down / total, across / total), shift, place != wanted, _placed(picture, place, frame))


def _corner(moment: int, total: int, side: int) -> int:
    """Where a picture must begin for its centre, moment / total, to come nearest to the frame's middle pixel; of two places
    that are equally near, the first: halves go up and left, as three of MNIST's digits show."""
    return -((total + 2 * moment - 2 * (side // 2) * total) // (2 * total))


def _placed(picture: Picture, place: tuple[int, int], frame: tuple[int, int]) -> Picture:
    """``picture`` in a frame of zeros, its corner at ``place``; what lies outside, which holds no ink, is left out."""
    placed = np.zeros(frame, dtype=np.uint8)
    (top, left), (height, width) = place, picture.shape
    rows = slice(max(top, 0), min(top + height, frame[0]))
    columns = slice(max(left, 0), min(left + width, frame[1]))
    placed[rows, columns] = picture[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return placed
