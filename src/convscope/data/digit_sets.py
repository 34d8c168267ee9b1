"""Whether a user's own images are digits as MNIST has them, so that photos of paper can be prepared for their network.

The names of the classes alone do not say so: Fashion-MNIST's and KMNIST's labels are 0 to 9 too. So the images are asked as
well: a digit that MNIST's makers prepared is left as it is by the same preparation. Of MNIST's own 98 in 100 are; of
Fashion-MNIST's and KMNIST's images, which fill their frame, next to none. Where in doubt the images are no digits: pictures
are then resized, and nothing else is done to them. With ``--prepare digits`` it is the user who says that they are.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from ..types import Images
from .dataset import Dataset, Split
from .digit import DigitSettings, prepare_digit
from .fitting import DIGITS, FIT, Fitting, settings_of, share_of_frame
from .grey import to_grey
from .in_threads import one_thread_each
from .memory import room_for
from .polarity import is_bright_around
from .reading import AUTO

NAMES = frozenset("0123456789")
SIGNS = "characters"
"""What images prepared as digits are of, where their classes are others than the ten digits."""
SAMPLE = 200
LEAST_SHARE = 0.8
"""Of the sample, that the preparation must leave nearly as they are."""
NEARLY = 3.0
"""Grey levels on average per pixel. Two digits of MNIST of one class differ by 35."""
LEAST_SIDE = 16
BLOCK = 64
"""Images that a thread prepares at a time."""
NOTE = (
    "its classes are the ten digits and its images look like MNIST's, so pictures for its network are prepared as MNIST's "
    "digits were, photos of paper and sheets with several digits included"
)
TURNED_NOTE = (
    "its classes are the ten digits and its images look like MNIST's, but dark on light; --prepare digits turns them round, so "
    "that photos of paper can be prepared for its network as MNIST's digits were"
)
ASKED_NOTE = "its images were prepared as MNIST's digits were, light on dark, as was asked"


def settle_digits(dataset: Dataset) -> Dataset:
    """``dataset``, read as its options say: prepared where they ask for that and it is not, recognised where they leave it open."""
    provenance = dataset.provenance
    if provenance.digits is not None or provenance.content == DIGITS or provenance.reading.prepare == FIT:
        return dataset
    return recognise_digits(dataset) if provenance.reading.prepare == AUTO else prepare_images(dataset)


def recognise_digits(dataset: Dataset) -> Dataset:
    """``dataset``, with the word, the settings and a note for digits where its classes are 0 to 9 and its images look like MNIST's;
    with a note alone where they do so turned round."""
    if set(dataset.class_names) != NAMES or dataset.provenance.content == DIGITS or dataset.image_shape[2] != 1:
        return dataset
    sample = _sample(dataset.train)
    if _look_like_mnist(sample):
        return with_settings(dataset, content=DIGITS, note=NOTE)
    return with_note(dataset, TURNED_NOTE) if _look_like_mnist(255 - sample) else dataset


def with_settings(dataset: Dataset, *, centre: bool = True, content: str = "", note: str = "") -> Dataset:
    """``dataset``, which says from now on that pictures are prepared as digits for its network; how much of the frame these fill
    is read off it. ``centre``: whether by their mass."""
    settings = settings_of(_sample(dataset.train))
    if settings is None:
        return dataset
    settings = replace(settings, centre=centre)
    provenance = replace(dataset.provenance, digits=settings, content=content or dataset.provenance.content)
    dataset = replace(dataset, provenance=provenance)
    return with_note(dataset, note) if note else dataset


def with_note(dataset: Dataset, note: str) -> Dataset:
    """``dataset``, which says so."""
    return replace(dataset, provenance=replace(dataset.provenance, notes=(*dataset.provenance.notes, note)))


def choose_settings(size: tuple[int, int], examples: Images) -> DigitSettings:
    """For pictures that become (height, width): MNIST's own; but where most of ``examples`` (n, h, w, 1), those of this size, are
    light on dark and so are taken as they are, what is read off them."""
    as_they_are = examples[~is_bright_around(examples)] if len(examples) else examples
    share = share_of_frame(as_they_are) if 2 * len(as_they_are) > len(examples) else DigitSettings().digit_size_fraction
    return DigitSettings(*size, digit_size_fraction=share)


def prepare_images(dataset: Dataset) -> Dataset:
    """``dataset`` with every image prepared as a digit, at its own size, as ``predict`` does it with an image of an array."""
    height, width, channels = dataset.image_shape
    if channels not in (1, 3):
        return dataset
    sample = _sample(dataset.train)
    grey = sample if channels == 1 else to_grey(sample.reshape(-1, width, channels)).reshape(-1, height, width, 1)
    fitting = Fitting((height, width, 1), choose_settings((height, width), grey))
    train, test = (_prepared(split, fitting, dataset.name) for split in (dataset.train, dataset.test))
    content = DIGITS if set(dataset.class_names) == NAMES else SIGNS
    provenance = replace(dataset.provenance, digits=fitting.digits, content=content)
    return with_note(replace(dataset, train=train, test=test, provenance=provenance), ASKED_NOTE)


def _prepared(split: Split, fitting: Fitting, name: str) -> Split:
    images = room_for((len(split), *fitting.image_shape), repr(name))

    def prepare(start: int) -> None:
        for index in range(start, min(start + BLOCK, len(split))):
            images[index] = fitting.fit(np.ascontiguousarray(split.images[index])).pixels

    with one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(prepare, range(0, len(split), BLOCK)))
    return Split(images, split.labels)


def _sample(split: Split) -> Images:
    return split.images[np.linspace(0, len(split) - 1, min(SAMPLE, len(split)), dtype=int)]


def _look_like_mnist(images: Images) -> bool:
    _, height, width, _ = images.shape
    if min(height, width) < LEAST_SIDE:
        return False
    settings = DigitSettings(height, width)
    prepared = np.stack([prepare_digit(image, settings).pixels for image in images[..., 0]])
    different = np.abs(prepared.astype(np.int64) - images[..., 0]).mean(axis=(1, 2))
    return bool((different <= NEARLY).mean() >= LEAST_SHARE)
