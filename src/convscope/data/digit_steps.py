"""What each step of the preparation of a digit did, so that it can be shown. Each ``picture`` is (h, w) uint8, after it."""

from __future__ import annotations

from dataclasses import dataclass

from .resample import Picture


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class PolarityStep:
    """``border``: the median of the picture's border, before. ``inverted``: whether the picture was turned round."""

    border: int
    inverted: bool
    picture: Picture


@dataclass(frozen=True)
class GroundStep:
    """``level`` was subtracted, of ``peak``, the brightest pixel; what was left up to ``cut`` became 0."""

    level: int
    peak: int
    cut: int
    picture: Picture


@dataclass(frozen=True)
class CropStep:
    """``box``: where the ink is; None where there is none. ``picture``: that part, or everything where cropping is off."""

    box: Box | None
    picture: Picture


@dataclass(frozen=True)
class FitStep:
    """``scale``: pixels after for each pixel before. ``height``, ``width``: of the cropped picture, scaled."""

    scale: float
    height: float
    width: float
    picture: Picture


@dataclass(frozen=True)
class ContrastStep:
    """``peak``: the brightest pixel before."""

    peak: int
    picture: Picture


@dataclass(frozen=True)
class CentreStep:
    """``mass``: (row, column) of the centre of mass in the fitted picture. ``shift``: (down, right) against the middle.
    ``limited``: the frame's edge stopped it."""

    mass: tuple[float, float] | None
    shift: tuple[int, int]
    limited: bool
    picture: Picture
