"""The rule by which the recipe ``standard`` adapts to a training set; ``docs/recipes.md`` has it as a table, with what it gives.

It was chosen on validation images of many sets (``benchmarks/LOG.md``), and gives MNIST the settings of ``standard()`` unchanged.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from ..data.dataset import Dataset
from ..types import Images
from .augmentation import Augmentation
from .config import TrainConfig

IMAGES_IN_ALL = 240_000
"""Training images shown over all epochs, as far as the limits of their number allow: four times MNIST's 60,000."""
MIN_EPOCHS, MAX_EPOCHS = 4, 20
WARPED_EPOCHS, WARPED_RATE = 5, 0.008
"""Epochs from which on images are warped, not only shifted, and the learning rate then."""
WARPED = Augmentation(shift=1 / 14, rotation=8, scaling=0.1, shear=0.1)
MIN_SIDE = 8
"""Smallest side in pixels of images that are warped."""
SAMPLE, MAX_EQUAL = 200, 0.5
"""Images that are looked at, and the share of neighbouring pixels of one colour from which on they are drawings, not photos."""
ONE_SIDED = re.compile(r"(?<![a-z])(arrow|character|digit|left|letter|number|right|sign|text|word)s?(?![a-z])")
"""Words in class names that tell that a mirrored image may be of another class, or of none."""


@dataclass(frozen=True)
class TrainingSet:
    """What the rule knows of a training set."""

    num_images: int
    """Those held out for validation included."""
    image_shape: tuple[int, int, int]
    """(h, w, c)."""
    num_classes: int
    photos: bool
    """Whether the images are photos of things that look alike from both sides, as far as pixels and class names tell."""

    @classmethod
    def of(cls, dataset: Dataset, num_images: int | None = None) -> Self:
        """Describe the training split of ``dataset``, or ``num_images`` of it."""
        photos = (
            dataset.image_shape[2] == 3
            and dataset.provenance.digits is None
            and not any(map(is_one_sided, dataset.class_names))
            and equal_neighbours(dataset.train.images) < MAX_EQUAL
        )
        return cls(num_images or len(dataset.train), dataset.image_shape, dataset.num_classes, photos)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        return cls(**{**values, "image_shape": tuple(values["image_shape"])})

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "image_shape": list(self.image_shape)}


def adapted(config: TrainConfig, to: TrainingSet) -> TrainConfig:
    """Return ``config``, those for MNIST, with what the rule changes for another training set."""
    epochs = max(MIN_EPOCHS, min(MAX_EPOCHS, IMAGES_IN_ALL // to.num_images))
    if epochs < WARPED_EPOCHS or min(to.image_shape[:2]) < MIN_SIDE:
        return replace(config, epochs=epochs, augmentation=replace(config.augmentation, flip=to.photos))
    return replace(
        config,
        epochs=epochs,
        learning_rate=WARPED_RATE,
        augmentation=replace(WARPED, flip=to.photos),
        final_epochs_less_augmented=epochs // 10,
    )


def is_one_sided(class_name: str) -> bool:
    """Return whether the name is of something that a mirror may turn into another class: a character, a number, a sign, a side."""
    text = class_name.strip()
    return len(text) == 1 or text.isdecimal() or bool(ONE_SIDED.search(text.casefold()))


def equal_neighbours(images: Images) -> float:
    """Return the share of pixels of the same colour as the one to their left, in a sample of images (n, h, w, c)."""
    sample = images[np.linspace(0, len(images) - 1, min(SAMPLE, len(images)), dtype=int)]
    if sample.shape[2] < 2:
        return 1.0
    return float((sample[:, :, 1:] == sample[:, :, :-1]).all(axis=-1).mean())
