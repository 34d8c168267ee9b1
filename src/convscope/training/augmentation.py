"""What is done to training images so that the network sees each one differently every time: a property of a recipe.

Nothing here mirrors an image or turns it far: a mirrored 2 is no 2, and a 6 on its head is a 9. What the recipes do by
default is safe for any kind of class; what is not wanted is turned off by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, unknown_name
from ..types import Labels

LIMITS = {"shift": 0.5, "rotation": 180.0, "scaling": 0.9, "shear": 1.0}


@dataclass(frozen=True)
class Augmentation:
    """The largest change of each kind; each image draws its own, evenly between minus and plus that, in each epoch.

    Raises :class:`ConfigError` for a value out of range.
    """

    shift: float = 0.0
    """Share of the shorter side, down and across. Alone it moves images by whole pixels, which blurs nothing."""
    rotation: float = 0.0
    """Degrees."""
    scaling: float = 0.0
    """Share of the size: 0.1 makes images a tenth smaller to a tenth larger."""
    shear: float = 0.0
    """How far the top leans over the bottom, as a share of the height."""

    def __post_init__(self) -> None:
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value < limit:
                raise ConfigError(f"{name}={value} cannot be trained with; 0 or more and less than {limit:g} was expected.")

    @property
    def warps(self) -> bool:
        """Whether images are drawn anew between pixels, and not only moved by whole ones."""
        return bool(self.rotation or self.scaling or self.shear)

    def pixels(self, image_shape: tuple[int, ...]) -> int:
        """The largest shift by whole pixels for images of this shape (h, w, c): 2 for 28 × 28 in ``standard``."""
        return round(self.shift * min(image_shape[:2]))

    def times(self, share: float) -> Augmentation:
        """Every limit ``share`` times as large."""
        return Augmentation(**{name: share * value for name, value in asdict(self).items()})

    def as_text(self) -> str:
        """As :func:`parse_augmentation` reads it, whatever the default is."""
        return "none" if self == Augmentation() else ",".join(f"{name}={value}" for name, value in asdict(self).items())

    def describe(self, image_shape: tuple[int, ...]) -> dict[str, float]:
        """For the run's record and everyone who shows it: the kinds that are on, shifts in pixels; empty where none is."""
        values = {**asdict(self), "shift": round(self.shift * min(image_shape[:2]), 2)}
        if not self.warps:
            values["shift"] = self.pixels(image_shape)
        return {name: value for name, value in values.items() if value}


def parse_augmentation(text: str, default: Augmentation) -> Augmentation:
    """What ``--augment`` says: ``none``, or changes to the recipe's own, as ``rotation=0,shift=0.1``.

    Raises :class:`ConfigError` for anything else.
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
            raise ConfigError(
                f"--augment was given {part!r}; 'none', or a name and a number as in {name}=0.1 was expected."
            ) from error
    return Augmentation(**values)


def in_words(described: Mapping[str, Any]) -> str:
    """``"shifted by up to 2 pixels, turned by up to 8°"``; empty where nothing is done. Of :meth:`describe`'s values."""
    say = {
        "shift": "shifted by up to {0:g} pixels each way",
        "rotation": "turned by up to {0:g}°",
        "scaling": "made up to {1:g}% smaller or larger",
        "shear": "slanted by up to {1:g}%",
    }
    words = [say[name].format(described[name], 100 * described[name]) for name in say if described.get(name)]
    return ", ".join(words).replace("up to 1 pixels", "up to 1 pixel")


def draw_shifts(num_images: int, pixels: int, generator: np.random.Generator) -> Labels:
    """(num_images, 2) rows and columns, from 0 to 2·``pixels``, where each image is cut out of its padded self."""
    return generator.integers(0, 2 * pixels + 1, size=(num_images, 2))


def draw_warps(
    augmentation: Augmentation, image_shape: tuple[int, ...], num_images: int, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """(num_images, 8) affine maps from a place in the warped image to one in the original, about its centre, as
    ``keras.ops.image.affine_transform`` takes them: x, then y, then the two zeros of a projection."""
    height, width = image_shape[:2]

    def even(limit: float) -> npt.NDArray[np.float64]:
        return generator.uniform(-limit, limit, num_images)

    angle, scale, shear = np.deg2rad(even(augmentation.rotation)), 1 + even(augmentation.scaling), even(augmentation.shear)
    limit = augmentation.shift * min(height, width)
    across, down = even(limit), even(limit)
    cosine, sine = np.cos(angle), np.sin(angle)
    xx, xy = scale * cosine, scale * (shear * cosine - sine)
    yx, yy = scale * sine, scale * (shear * sine + cosine)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    maps = np.zeros((num_images, 8), np.float32)
    maps[:, 0], maps[:, 1], maps[:, 2] = xx, xy, middle_x - xx * middle_x - xy * middle_y + across
    maps[:, 3], maps[:, 4], maps[:, 5] = yx, yy, middle_y - yx * middle_x - yy * middle_y + down
    return maps
