"""Sets of out-of-distribution images for one dataset, in the shape and on the background of its images.

A set that may show classes of the dataset is skipped, with the reason: letters for a network of letters.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...data.dataset import Dataset
from ...data.known.builtin import KNOWN
from ...data.known.registry import FASHION
from ...data.preprocessing import resize
from ...errors import ConvscopeError, DatasetError
from ...types import Floats, Images
from ..robustness.background import Background
from .drawn_sets import draw_garments, draw_letters, draw_scribbles

SMOOTHNESS = 2.0
"""Standard deviation of the blur of smooth noise, in pixels of 28."""


def uniform_noise(number: int, shape: tuple[int, int, int], generator: np.random.Generator) -> Images:
    """Return (number, h, w, c): independent values, uniform over the grey levels."""
    return generator.integers(0, 256, (number, *shape), dtype=np.uint8)


def smooth_noise(number: int, shape: tuple[int, int, int], generator: np.random.Generator) -> Images:
    """Return (number, h, w, c): noise blurred by a Gaussian, each image stretched to 0..255."""
    from scipy import ndimage

    sigma = SMOOTHNESS * min(shape[:2]) / 28
    noise = ndimage.gaussian_filter(generator.normal(size=(number, *shape)), (0, sigma, sigma, 0), mode="wrap")
    low, high = (extreme(noise, axis=(1, 2, 3), keepdims=True) for extreme in (np.min, np.max))
    span = np.where(high > low, high - low, 1)  # an image of one pixel has no contrast
    return np.asarray(np.rint((noise - low) / span * 255), np.uint8)


@dataclass(frozen=True, eq=False)
class OODSet:
    """A set of out-of-distribution images."""

    name: str
    title: str
    """Its content, for a table."""
    images: Images
    """(n, h, w, c) uint8, in the shape of the dataset's images."""


@dataclass(frozen=True)
class SkippedSet:
    """A set that does not apply, and why."""

    title: str
    reason: str


def make_ood_sets(
    dataset: Dataset, background: Background, *, number: int, seed: int
) -> tuple[tuple[OODSet, ...], tuple[SkippedSet, ...]]:
    """Return sets of ``number`` images each, the same for the same ``seed``, and the skipped sets."""
    sets, skipped = [], []
    known = {image.tobytes() for split in (dataset.train, dataset.test) for image in split.images}
    for name, (title, make) in MAKERS.items():
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))
        try:
            images = make(dataset, background, number, generator)
        except ConvscopeError as error:
            skipped.append(SkippedSet(title, str(error)))
            continue
        # Any drawing may be blank, so blank images do not count as known.
        if any(image.tobytes() in known for image in images if image.min() != image.max()):
            skipped.append(SkippedSet(title, "The dataset contains these images."))
        else:
            sets.append(OODSet(name, title, images))
    return tuple(sets), tuple(skipped)


Maker = Callable[[Dataset, Background, int, np.random.Generator], Images]


def _letters(dataset: Dataset, background: Background, number: int, generator: np.random.Generator) -> Images:
    if _mostly(dataset, lambda name: name.isalpha() and len(set(name.lower())) == 1):
        raise DatasetError("The classes are letters themselves.")
    return inked(draw_letters(number, dataset.image_shape[:2], generator), dataset, background, generator)


def _digits(dataset: Dataset, background: Background, number: int, generator: np.random.Generator) -> Images:
    if dataset.provenance.content == "digits" or _mostly(dataset, lambda name: name.isdecimal() and len(name) == 1):
        raise DatasetError("The classes are digits themselves, or are numbered as if they were.")
    return inked(_known("mnist", dataset, number, generator), dataset, background, generator)


def _clothes(dataset: Dataset, background: Background, number: int, generator: np.random.Generator) -> Images:
    _refuse_clothes(dataset)
    return inked(_known(FASHION.name, dataset, number, generator), dataset, background, generator)


def _silhouettes(dataset: Dataset, background: Background, number: int, generator: np.random.Generator) -> Images:
    _refuse_clothes(dataset)
    return inked(draw_garments(number, dataset.image_shape[:2], generator), dataset, background, generator)


def _scribbles(dataset: Dataset, background: Background, number: int, generator: np.random.Generator) -> Images:
    return inked(draw_scribbles(number, dataset.image_shape[:2], generator), dataset, background, generator)


def _inverted(dataset: Dataset, _: Background, number: int, generator: np.random.Generator) -> Images:
    return np.asarray(255 - dataset.test.images[_some(len(dataset.test), number, generator)])


MAKERS: dict[str, tuple[str, Maker]] = {
    "letters": ("printed capital letters", _letters),
    "digits": ("handwritten digits, MNIST's", _digits),
    "clothes": ("articles of clothing, Fashion-MNIST's", _clothes),
    "silhouettes": ("drawn silhouettes of clothes", _silhouettes),
    "scribbles": ("scribbles", _scribbles),
    "inverted": ("test images in negative", _inverted),
    "smooth_noise": ("smooth noise", lambda data, _, number, random: smooth_noise(number, data.image_shape, random)),
    "noise": (
        "noise, every pixel by itself",
        lambda data, _, number, random: uniform_noise(number, data.image_shape, random),
    ),
}


def inked(ink: Floats, dataset: Dataset, background: Background, generator: np.random.Generator) -> Images:
    """Return ``ink`` (n, h, w) in 0..1 as images like the dataset's: (n, h, w, c) uint8.

    On the dataset's background, towards black or white; without one, in two random colours per image.
    """
    shape = (len(ink), 1, 1, dataset.image_shape[2])
    if background.level is None:
        paper, pen = generator.uniform(0, 255, shape), generator.uniform(0, 255, shape)
    else:
        paper = np.broadcast_to(np.asarray(background.level, np.float64), shape)
        pen = np.full(shape, 255 * background.ink)
    return np.asarray(np.rint(paper + ink[..., None] * (pen - paper)), np.uint8)


def _known(name: str, dataset: Dataset, number: int, generator: np.random.Generator) -> Floats:
    """Return images of a known set as ink, resized to those of ``dataset``; DatasetError if it is not on this machine."""
    test = KNOWN[name]().test
    chosen = test.images[_some(len(test), number, generator)]
    if chosen.shape[1:3] != dataset.image_shape[:2]:
        chosen = np.stack([resize(image, dataset.image_shape[:2]) for image in chosen])
    return np.asarray(chosen[..., 0] / 255, np.float32)


def _some(available: int, number: int, generator: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.sort(generator.permutation(available)[:number])


def _refuse_clothes(dataset: Dataset) -> None:
    known = {name.lower() for name in FASHION.class_names.values()}
    if dataset.provenance.content == FASHION.content or _mostly(dataset, lambda name: name.lower() in known):
        raise DatasetError("The classes are clothes themselves.")


def _mostly(dataset: Dataset, holds: Callable[[str], bool]) -> bool:
    return 2 * sum(map(holds, dataset.class_names)) >= dataset.num_classes
