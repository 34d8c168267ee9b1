"""Whether a user's own images are digits as MNIST has them, so that photos of paper can be prepared for their network.

The names of the classes alone do not say so: Fashion-MNIST's and KMNIST's labels are 0 to 9 too. So the images are asked as
well: a digit that MNIST's makers prepared is left as it is by the same preparation. Of MNIST's own 98 in 100 are; of
Fashion-MNIST's and KMNIST's images, which fill their frame, next to none. Where in doubt the images are no digits: pictures
are then resized, and nothing else is done to them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .dataset import Dataset
from .digit import DigitSettings, prepare_digit
from .fitting import DIGITS

NAMES = frozenset("0123456789")
SAMPLE = 200
LEAST_SHARE = 0.8
"""Of the sample, that the preparation must leave nearly as they are."""
NEARLY = 3.0
"""Grey levels on average per pixel. Two digits of MNIST of one class differ by 35."""
NOTE = (
    "its classes are the ten digits and its images look like MNIST's, so pictures for its network are prepared as MNIST's "
    "digits were, photos of paper and sheets with several digits included"
)


def recognise_digits(dataset: Dataset) -> Dataset:
    """``dataset``, with the word and a note for digits where its classes are 0 to 9 and its images look like MNIST's."""
    if set(dataset.class_names) != NAMES or dataset.provenance.things == DIGITS or not _look_like_mnist(dataset):
        return dataset
    provenance = replace(dataset.provenance, things=DIGITS, notes=(*dataset.provenance.notes, NOTE))
    return replace(dataset, provenance=provenance)


def _look_like_mnist(dataset: Dataset) -> bool:
    height, width, channels = dataset.image_shape
    if channels != 1 or min(height, width) < 16:
        return False
    settings = DigitSettings(height, width)
    images = dataset.train.images[np.linspace(0, len(dataset.train) - 1, min(SAMPLE, len(dataset.train)), dtype=int)]
    prepared = np.stack([prepare_digit(image, settings).pixels for image in images[..., 0]])
    different = np.abs(prepared.astype(np.int64) - images[..., 0]).mean(axis=(1, 2))
    return bool((different <= NEARLY).mean() >= LEAST_SHARE)
