"""Choice of the preprocessing and the size for a folder of image files.

``predict`` preprocesses digits, so a network must be trained on preprocessed ones. If the classes of a folder are the ten
digits and nearly all of a sample of files show a digit, all are preprocessed as ``predict`` does it. Images that fill their
frame, such as Fashion-MNIST's and CIFAR's, do not count as digits. Images of one small size, light on dark, are left to
``recognize_dataset.looks_like_mnist``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...errors import PictureError
from ..digits.detect import detect_digits
from ..digits.mnist_style import DigitPreprocessing
from ..digits.polarity import is_dark_on_light
from ..digits.recognize_dataset import CHARACTERS, NAMES, choose_settings
from ..images.decode import decode_image
from ..images.files import read_image_file
from ..images.resample import GreyImage, to_grey
from ..preprocessing import DIGITS, FIT, ImagePreprocessor
from ..read_options import AUTO, ReadListener, ReadOptions
from ..threads import each_in_threads, one_thread_each
from .image_folder_decoding import ImageHeader, choose_size, resized
from .pixel_scale import GivenRange

SAMPLE = 40
"""Files decoded in advance to find out what they show."""
MIN_SHARE = 0.8
"""Share of the sample that must show a digit."""
MAX_INK = 0.22
"""Share of the frame that the ink of a preprocessed digit may cover. 97% of MNIST's digits cover less, but only 64% of
Fashion-MNIST's images on a white background."""
LIGHT_INK = 128
MAX_SIDE = 32
"""Digits of one size up to this side keep it; others get MNIST's size."""


@dataclass(frozen=True)
class FolderPreprocessing:
    """The preprocessing of a folder."""

    preprocessor: ImagePreprocessor
    content: str
    """Noun for the content of the images."""
    notes: tuple[str, ...]
    """Sentences about the choice."""
    keeps_channels: bool = False
    """Whether the number of channels is given by a network."""


def preprocessing_of_run(
    preprocessor: ImagePreprocessor, options: ReadOptions, content: str = "images"
) -> FolderPreprocessing | None:
    """Return the preprocessing of a network; None if ``options`` ask for another one."""
    if options.prepare != AUTO or options.image_size not in (None, preprocessor.image_shape[:2]):
        return None
    return FolderPreprocessing(preprocessor, content, (), keeps_channels=True)


def choose_preprocessing(
    paths: Sequence[str],
    class_names: Sequence[str],
    headers: Sequence[ImageHeader],
    options: ReadOptions,
    progress: ReadListener | None,
    given: GivenRange | None = None,
) -> FolderPreprocessing:
    """Choose the preprocessing by the options, the class names and a sample of the files, their black and white as ``given``."""
    sizes = [header.size for header in headers]
    are_numbered = set(class_names) == NAMES
    if options.prepare != FIT and (options.prepare != AUTO or are_numbered):
        size = options.image_size or _digit_size(sizes)
        sample = _sample(paths, progress, given)
        if options.prepare != AUTO or _show_digits(sample, size):
            settings = _settings(sample, size)
            note = _note(size, asked=options.prepare != AUTO)
            return FolderPreprocessing(
                ImagePreprocessor((*size, 1), settings), DIGITS if are_numbered else CHARACTERS, (note,)
            )
    size, note = choose_size(sizes)
    if options.image_size is not None:
        size = options.image_size
        note = "" if set(sizes) == {size} else f"resized all image files, as requested, to {resized(sizes, size)}"
    channels = 3 if any(header.may_be_coloured for header in headers) else 1
    return FolderPreprocessing(ImagePreprocessor((*size, channels)), "images", (note,) if note else ())


def shows_one_digit(image: GreyImage, settings: DigitPreprocessing) -> bool:
    """Return whether (h, w) uint8 shows one digit, off the border and in a mostly empty frame."""
    found = detect_digits(image, settings)
    if len(found) != 1 or found[0].box is None or found[0].prepared.empty:
        return False
    box, pixels = found[0].box, found[0].prepared.pixels
    inside = box.top > 0 and box.left > 0 and box.bottom < image.shape[0] - 1 and box.right < image.shape[1] - 1
    return inside and float((pixels >= LIGHT_INK).mean()) <= MAX_INK


def _show_digits(sample: Sequence[GreyImage], size: tuple[int, int]) -> bool:
    """Return whether nearly all images of a sample show a digit and most need preprocessing."""
    if not sample:
        return False
    unprepared = [image.shape != size or bool(is_dark_on_light(image[None, ..., None])[0]) for image in sample]
    if 2 * sum(unprepared) <= len(sample):
        return False
    settings = DigitPreprocessing(*size)
    return sum(shows_one_digit(image, settings) for image in sample) >= MIN_SHARE * len(sample)


def _settings(sample: Sequence[GreyImage], size: tuple[int, int]) -> DigitPreprocessing:
    own = [image for image in sample if image.shape == size]
    if 2 * len(own) <= len(sample):
        return DigitPreprocessing(*size)
    return choose_settings(size, np.stack(own)[..., None])


def _sample(paths: Sequence[str], progress: ReadListener | None, given: GivenRange | None) -> list[GreyImage]:
    """Decode a sample of the files to grey; unreadable files are skipped."""
    rows = np.linspace(0, len(paths) - 1, min(SAMPLE, len(paths)), dtype=int)
    with one_thread_each():
        found = each_in_threads(
            "looking for digits", partial(_grey, given=given), [paths[row] for row in rows.tolist()], progress
        )
    return [image for image in found if image is not None]


def _grey(path: str, given: GivenRange | None) -> GreyImage | None:
    try:
        pixels = decode_image(read_image_file(path), repr(path), given).pixels
    except PictureError:
        return None
    return to_grey(pixels) if pixels.shape[2] == 3 else pixels[..., 0]


def _digit_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    if len(set(sizes)) == 1 and max(sizes[0]) <= MAX_SIDE:
        return sizes[0]
    return DigitPreprocessing().height, DigitPreprocessing().width


def _note(size: tuple[int, int], *, asked: bool) -> str:
    steps = f"{size[0]} × {size[1]}, light on dark, cropped and centred"
    if asked:
        return f"preprocessed the image files like MNIST ({steps}), as requested"
    return (
        "the classes are the ten digits and the image files show one each, so all were preprocessed like MNIST "
        f"({steps}); --prepare fit only crops and resizes them"
    )
