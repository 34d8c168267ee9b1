"""Results of the steps that preprocess a digit.

Each ``image`` is the image (h, w) uint8 after the step.
"""

from dataclasses import dataclass

from ..images.resample import GreyImage


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, with both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class PolarityStep:
    """Inversion to light ink on a dark background."""

    border: int
    """Median of the border before."""
    inverted: bool
    image: GreyImage


@dataclass(frozen=True)
class BackgroundStep:
    """Removal of a flat background."""

    level: int
    """Grey level that was subtracted."""
    peak: int
    """Brightest pixel before."""
    cut: int
    """Remaining levels up to this one became 0."""
    image: GreyImage


@dataclass(frozen=True)
class CropStep:
    """Crop to the ink; with cropping off, the whole image."""

    box: Box | None
    """Bounding box of the ink; None without ink."""
    image: GreyImage


@dataclass(frozen=True)
class FitStep:
    """Scaling into the box."""

    scale: float
    """Pixels after per pixel before."""
    height: float
    """Height of the cropped image after scaling."""
    width: float
    """Width of the cropped image after scaling."""
    image: GreyImage
    thickened: bool = False
    """Whether thin strokes were thickened."""


@dataclass(frozen=True)
class ContrastStep:
    """Contrast stretching."""

    peak: int
    """Brightest pixel before."""
    image: GreyImage


@dataclass(frozen=True)
class CentreStep:
    """Centring by mass."""

    mass: tuple[float, float] | None
    """(row, column) of the centre of mass in the scaled image; None without ink."""
    shift: tuple[int, int]
    """(down, right) against the middle of the frame."""
    limited: bool
    """Whether the edge of the frame limited the shift."""
    image: GreyImage
