"""Augmentation: random shift, rotation, scaling and shear of training images.

No recipe mirrors images or rotates them far, because a mirrored 2 is not a 2 and a 6 upside down is a 9. The defaults
preserve the class of most kinds of images; each change can be turned off by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, unknown_name

LIMITS = {"shift": 0.5, "rotation": 180.0, "scaling": 0.9, "shear": 1.0}


@dataclass(frozen=True)
class Augmentation:
    """The limits of the random changes to training images.

    In each epoch, each image gets its own change of each kind, uniformly distributed within ± the limit.

    Raises:
        ConfigError: A value is out of range.
    """

    shift: float = 0.0
    """Share of the shorter side, in both directions. Without other changes, images move by whole pixels, without blur."""
    rotation: float = 0.0
    """In degrees."""
    scaling: float = 0.0
    """Share of the size: 0.1 makes images up to 10% smaller or larger."""
    shear: float = 0.0
    """Horizontal offset of the top against the bottom, as a share of the height."""

    def __post_init__(self) -> None:
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value < limit:
                raise ConfigError(f"{name} must be at least 0 and less than {limit:g}; got {value}.")

    @property
    def warps(self) -> bool:
        """Whether images are resampled instead of moved by whole pixels."""
        return bool(self.rotation or self.scaling or self.shear)

    def pixels(self, image_shape: tuple[int, ...]) -> int:
        """Return the largest shift in whole pixels for images of this shape (h, w, c)."""
        return round(self.shift * min(image_shape[:2]))

    def times(self, share: float) -> Augmentation:
        """Return the same changes with every limit multiplied by ``share``."""
        return Augmentation(**{name: share * value for name, value in asdict(self).items()})

    def as_text(self) -> str:
        """Return the text that :func:`parse_augmentation` reads back with any default."""
        return "none" if self == Augmentation() else ",".join(f"{name}={value}" for name, value in asdict(self).items())

    def describe(self, image_shape: tuple[int, ...]) -> dict[str, float]:
        """Return the limits above 0 for ``run.json``, with the shift in pixels."""
        values = {**asdict(self), "shift": round(self.shift * min(image_shape[:2]), 2)}
        if not self.warps:
            values["shift"] = self.pixels(image_shape)
        return {name: value for name, value in values.items() if value}


def parse_augmentation(text: str, default: Augmentation) -> Augmentation:
    """Parse ``--augment``: ``none``, or limits that replace those of ``default``, such as ``rotation=0,shift=0.1``.

    Raises:
        ConfigError: The text is neither, or a value is out of range.
    """
    if text.strip() == "none":
        return Augmentation()
    values = asdict(default)
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        if name not in values:
            raise ConfigError(unknown_name("augmentation", name, [field.name for field in fields(Augmentation)]))
        try:
            values[name] = float(number)
        except ValueError as error:
            raise ConfigError(f"--augment must be 'none' or names with numbers such as {name}=0.1; got {part!r}.") from error
    return Augmentation(**values)


def in_words(described: Mapping[str, Any]) -> str:
    """Return a phrase for what :meth:`Augmentation.describe` returned; empty if there is none.

    For example ``"shifted by up to 2 pixels each way, rotated by up to 8°"``.
    """
    phrases = {
        "shift": "shifted by up to {0:g} pixels each way",
        "rotation": "rotated by up to {0:g}°",
        "scaling": "scaled by up to {1:g}%",
        "shear": "sheared by up to {1:g}%",
    }
    words = [phrases[name].format(described[name], 100 * described[name]) for name in phrases if described.get(name)]
    return ", ".join(words).replace("up to 1 pixels", "up to 1 pixel")


def draw_shifts(num_images: int, pixels: int, generator: np.random.Generator) -> npt.NDArray[np.int16]:
    """Draw shifts (num_images, 2): how many rows down and columns right each image is read, at most ``pixels``."""
    return generator.integers(-pixels, pixels + 1, size=(num_images, 2)).astype(np.int16)


def draw_warps(
    augmentation: Augmentation, image_shape: tuple[int, ...], num_images: int, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Draw affine maps (num_images, 8) from the warped image to the original.

    The maps have the layout of ``keras.ops.image.affine_transform``: x, then y, then two zeros for the projection.
    """
    height, width = image_shape[:2]

    def uniform(limit: float) -> npt.NDArray[np.float64]:
        return generator.uniform(-limit, limit, num_images)

    angle, scale = np.deg2rad(uniform(augmentation.rotation)), 1 + uniform(augmentation.scaling)
    shear = uniform(augmentation.shear)
    limit = augmentation.shift * min(height, width)
    across, down = uniform(limit), uniform(limit)
    cosine, sine = np.cos(angle), np.sin(angle)
    xx, xy = scale * cosine, scale * (shear * cosine - sine)
    yx, yy = scale * sine, scale * (shear * sine + cosine)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    maps = np.zeros((num_images, 8), np.float32)
    maps[:, 0], maps[:, 1], maps[:, 2] = xx, xy, middle_x - xx * middle_x - xy * middle_y + across
    maps[:, 3], maps[:, 4], maps[:, 5] = yx, yy, middle_y - yx * middle_x - yy * middle_y + down
    return maps
