"""Recognition of MNIST-style datasets, whose networks can then read photos of paper.

Class names do not suffice, because Fashion-MNIST and KMNIST have labels 0 to 9 too. The test is that MNIST-style preprocessing
leaves the images nearly unchanged, as it does with 98% of MNIST's digits, but with almost none of Fashion-MNIST's and KMNIST's
images, which fill their frame. Other images are only resized. ``--prepare digits`` overrides the test.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from ...system.memory import allocate_images
from ...types import Images
from ..dataset import Dataset, Split
from ..images.resample import to_grey
from ..preprocessing import DIGITS, FIT, ImagePreprocessor, measure_digit_settings, measure_digit_size
from ..read_options import AUTO
from ..threads import one_thread_each
from .mnist_style import DigitPreprocessing, prepare_digit
from .polarity import is_dark_on_light

NAMES = frozenset("0123456789")
CHARACTERS = "characters"
"""Noun for the content of images preprocessed as digits whose classes are not the ten digits."""
SAMPLE = 200
MIN_SHARE = 0.8
"""Share of the sample that preprocessing must leave nearly unchanged."""
NEARLY = 3.0
"""Mean difference per pixel, in grey levels. Two MNIST digits of one class differ by 35."""
MIN_SIDE = 16
BLOCK = 64
"""Images per task of a thread."""
NOTE = (
    "the classes are the ten digits and the images look like MNIST's, so image files for the network are preprocessed like "
    "MNIST, including photos of paper and sheets with several digits"
)

TURNED_NOTE = (
    "the classes are the ten digits and the images look like MNIST's, but dark on light; --prepare digits inverts them, so that "
    "photos of paper can be preprocessed like MNIST"
)

ASKED_NOTE = "preprocessed the images like MNIST, light on dark, as requested"


def resolve_digit_preprocessing(dataset: Dataset) -> Dataset:
    """Preprocess a dataset as digits, or recognise digits, as its options say."""
    provenance = dataset.provenance
    if provenance.digits is not None or provenance.content == DIGITS or provenance.reading.prepare == FIT:
        return dataset
    return looks_like_mnist(dataset) if provenance.reading.prepare == AUTO else prepare_images(dataset)


def looks_like_mnist(dataset: Dataset) -> Dataset:
    """Mark a dataset as digits if its classes are 0 to 9 and its images look like MNIST's.

    If they do so only when inverted, add a note and nothing else.
    """
    if set(dataset.class_names) != NAMES or dataset.provenance.content == DIGITS or dataset.image_shape[2] != 1:
        return dataset
    sample = _sample(dataset.train)
    if _look_like_mnist(sample):
        return mark_as_digits(dataset, content=DIGITS, note=NOTE)
    return with_note(dataset, TURNED_NOTE) if _look_like_mnist(255 - sample) else dataset


def mark_as_digits(dataset: Dataset, *, centre: bool = True, content: str = "", note: str = "") -> Dataset:
    """Add digit settings measured on the images to a dataset, if it is grey and light on dark.

    ``centre`` centres digits by mass instead of by bounding box. ``content`` is a noun for the content of the images.
    """
    settings = measure_digit_settings(_sample(dataset.train))
    if settings is None:
        return dataset
    settings = replace(settings, centre=centre)
    provenance = replace(dataset.provenance, digits=settings, content=content or dataset.provenance.content)
    dataset = replace(dataset, provenance=provenance)
    return with_note(dataset, note) if note else dataset


def with_note(dataset: Dataset, note: str) -> Dataset:
    """Return ``dataset`` with one more note."""
    return replace(dataset, provenance=replace(dataset.provenance, notes=(*dataset.provenance.notes, note)))


def choose_settings(size: tuple[int, int], examples: Images) -> DigitPreprocessing:
    """Choose digit settings for image files, for results of (height, width).

    If most of the ``examples``, files of that size (n, h, w, 1), are light on dark and so used unchanged, their share of the
    frame is measured; otherwise MNIST's is used.
    """
    unchanged = examples[~is_dark_on_light(examples)] if len(examples) else examples
    share = measure_digit_size(unchanged) if 2 * len(unchanged) > len(examples) else DigitPreprocessing().digit_size_fraction
    return DigitPreprocessing(*size, digit_size_fraction=share)


def prepare_images(dataset: Dataset) -> Dataset:
    """Preprocess every image of a dataset as a digit, at its own size."""
    height, width, channels = dataset.image_shape
    if channels not in (1, 3):
        return dataset
    sample = _sample(dataset.train)
    grey = sample if channels == 1 else to_grey(sample.reshape(-1, width, channels)).reshape(-1, height, width, 1)
    preprocessor = ImagePreprocessor((height, width, 1), choose_settings((height, width), grey))
    train = _prepared(dataset.train, preprocessor, dataset.name)
    test = train if dataset.test is dataset.train else _prepared(dataset.test, preprocessor, dataset.name)
    content = DIGITS if set(dataset.class_names) == NAMES else CHARACTERS
    provenance = replace(dataset.provenance, digits=preprocessor.digits, content=content)
    return with_note(replace(dataset, train=train, test=test, provenance=provenance), ASKED_NOTE)


def _prepared(split: Split, preprocessor: ImagePreprocessor, name: str) -> Split:
    images = allocate_images((len(split), *preprocessor.image_shape), repr(name))

    def prepare(start: int) -> None:
        for index in range(start, min(start + BLOCK, len(split))):
            images[index] = preprocessor.preprocess(np.ascontiguousarray(split.images[index])).pixels

    with one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(prepare, range(0, len(split), BLOCK)))
    return replace(split, images=images)


def _sample(split: Split) -> Images:
    return split.images[np.linspace(0, len(split) - 1, min(SAMPLE, len(split)), dtype=int)]


def _look_like_mnist(images: Images) -> bool:
    _, height, width, _ = images.shape
    if min(height, width) < MIN_SIDE:
        return False
    settings = DigitPreprocessing(height, width)
    prepared = np.stack([prepare_digit(image, settings).pixels for image in images[..., 0]])
    different = np.abs(prepared.astype(np.int64) - images[..., 0]).mean(axis=(1, 2))
    return bool((different <= NEARLY).mean() >= MIN_SHARE)
