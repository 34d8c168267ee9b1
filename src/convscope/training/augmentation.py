"""Augmentation: random shift, rotation, scaling, shear and flip of training images.

Only photos are flipped by default (:mod:`convscope.training.recipe_rule`), and nothing is rotated far, because a mirrored 2
is not a 2 and a 6 upside down is a 9. The defaults preserve the class of most kinds of images; each change can be turned off.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, option, unknown_name
from .settings import Within, check_settings, settings_of

FLIPPED = 0.5
"""Share of the images that a flip mirrors."""
LIMITS = {"shift": 0.5, "rotation": 180.0, "scaling": 0.9, "shear": 1.0}


def _below(limit: float) -> Within:
    return Within(f"at least 0 and less than {limit:g}", lambda value: 0 <= value < limit)


@dataclass(frozen=True)
class Augmentation:
    """The limits of the random changes to training images; ConfigError if one is out of range.

    In each epoch, each image gets its own change of each kind, uniformly distributed within ± the limit.
    """

    shift: Annotated[float, _below(LIMITS["shift"])] = 0.0
    """Share of the shorter side, in both directions. Without other changes, images move by whole pixels, without blur."""
    rotation: Annotated[float, _below(LIMITS["rotation"])] = 0.0
    """In degrees."""
    scaling: Annotated[float, _below(LIMITS["scaling"])] = 0.0
    """Share of the size: 0.1 makes images up to 10% smaller or larger."""
    shear: Annotated[float, _below(LIMITS["shear"])] = 0.0
    """Horizontal offset of the top against the bottom, as a share of the height."""
    flip: bool = False
    """Whether every other image, chosen at random, is mirrored left to right."""

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def warps(self) -> bool:
        """Whether images are resampled instead of moved by whole pixels."""
        return bool(self.rotation or self.scaling or self.shear)

    def pixels(self, image_shape: tuple[int, ...]) -> int:
        """Return the largest shift in whole pixels for images of this shape (h, w, c)."""
        return round(self.shift * min(image_shape[:2]))

    def times(self, share: float) -> Self:
        """Return the same changes with every limit multiplied by ``share``, as far as its range allows."""
        return replace(self, **{name: min(share * getattr(self, name), 0.99 * limit) for name, limit in LIMITS.items()})

    def describe(self, image_shape: tuple[int, ...]) -> dict[str, float]:
        """Return the limits above 0 for ``run.json``, with the shift in pixels."""
        values = {**asdict(self), "shift": round(self.shift * min(image_shape[:2]), 2)}
        if not self.warps:
            values["shift"] = self.pixels(image_shape)
        return {name: value for name, value in values.items() if value}


def parse_augmentation(text: str, default: Augmentation) -> Augmentation:
    """Parse ``--augment``: ``none``, or limits that replace those of ``default``, such as ``rotation=0,flip``."""
    if not isinstance(text, str):
        raise ConfigError(f'{option("augment")} must be a text such as "shift=0.1,flip"; got {text!r}.')
    if text.strip() == "none":
        return Augmentation()
    changes = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, sign, value = part.partition("=")
        if name not in settings_of(Augmentation):
            raise ConfigError(unknown_name("augmentation", name, settings_of(Augmentation)))
        if not sign and settings_of(Augmentation)[name].kind is not bool:
            raise ConfigError(f"{option('augment')} must be 'none' or names with values such as {name}=0.1; got {part!r}.")
        changes[name] = settings_of(Augmentation)[name].parse(value if sign else "true")
    return replace(default, **changes)


def in_words(described: Mapping[str, Any]) -> str:
    """Return a phrase, such as ``"rotated by up to 8°"``, for what :meth:`Augmentation.describe` returned."""
    phrases = {
        "shift": "shifted by up to {0:g} pixels each way",
        "rotation": "rotated by up to {0:g}°",
        "scaling": "scaled by up to {1:g}%",
        "shear": "sheared by up to {1:g}%",
        "flip": "flipped left to right half of the time",
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
    if augmentation.warps:
        limit = augmentation.shift * min(height, width)
        across, down = uniform(limit), uniform(limit)
    else:  # whole pixels stay sharp
        down, across = draw_shifts(num_images, augmentation.pixels(image_shape), generator).T.astype(np.float64)
    mirror = np.where(generator.random(num_images) < FLIPPED, -1, 1) if augmentation.flip else 1
    cosine, sine = np.cos(angle), np.sin(angle)
    xx, xy = mirror * scale * cosine, scale * (shear * cosine - sine)
    yx, yy = mirror * scale * sine, scale * (shear * sine + cosine)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    maps = np.zeros((num_images, 8), np.float32)
    maps[:, 0], maps[:, 1], maps[:, 2] = xx, xy, middle_x - xx * middle_x - xy * middle_y + across
    maps[:, 3], maps[:, 4], maps[:, 5] = yx, yy, middle_y - yx * middle_x - yy * middle_y + down
    return maps
