"""How the pictures of a folder are fitted for training: prepared as digits, or resized; to which size; and what is said of it.

Photos of digits on paper, and digits dark on white, are no training set for a network that is then shown prepared ones. So
where a folder's classes are the ten digits and nearly every picture of a sample shows one, all are prepared just as ``predict``
prepares them. What fills its frame, as Fashion-MNIST's clothes and CIFAR's photos do under the names 0 to 9, is not taken for
one, and what is light on dark and of one small size already is MNIST's business: ``digit_sets.recognise_digits``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import PictureError
from .decoding import decode_picture
from .digit import DigitSettings
from .digit_sets import NAMES, SIGNS, choose_settings
from .finding import find_digits
from .fitting import DIGITS, FIT, Fitting
from .folder_decoding import Look, choose_size
from .grey import to_grey
from .in_threads import each_in_threads, one_thread_each
from .picture_file import read_picture_file
from .polarity import is_bright_around
from .reading import AUTO, ReadListener, ReadOptions
from .resample import Picture

SAMPLE = 40
"""Pictures that are decoded once more, to see what they show."""
LEAST_SHARE = 0.8
"""Of these, that must show a digit."""
MOST_INK = 0.22
"""Of the frame that a digit's ink may cover once it is prepared. 97 in 100 of MNIST's cover less, and of Fashion-MNIST's clothes
64, were they photographed on white."""
LIGHT_INK = 128
MOST_SIDE = 32
"""Pixels of digits that keep their size where all have the same; others become as large as MNIST's."""


@dataclass(frozen=True)
class FolderFitting:
    """``fitting`` for every picture; ``content`` that they show; ``notes`` on what was chosen."""

    fitting: Fitting
    content: str
    notes: tuple[str, ...]
    keeps_channels: bool = False
    """Whether a network wants just so many."""


def fitting_of_run(fitting: Fitting, options: ReadOptions, content: str = "images") -> FolderFitting | None:
    """As pictures are fitted to a network that is there already; None where the options ask for something else."""
    if options.prepare != AUTO or options.image_size not in (None, fitting.image_shape[:2]):
        return None
    return FolderFitting(fitting, content, (), keeps_channels=True)


def choose_fitting(
    paths: Sequence[str],
    class_names: Sequence[str],
    looks: Sequence[Look],
    options: ReadOptions,
    progress: ReadListener | None,
) -> FolderFitting:
    """As the options say, and where they leave it open, by the names of the classes and a sample of the pictures."""
    sizes = [look.size for look in looks]
    are_numbered = set(class_names) == NAMES
    if options.prepare != FIT and (options.prepare != AUTO or are_numbered):
        size = options.image_size or _digit_size(sizes)
        sample = _sample(paths, progress)
        if options.prepare != AUTO or _show_digits(sample, size):
            settings = _settings(sample, size)
            note = _note(size, asked=options.prepare != AUTO)
            return FolderFitting(Fitting((*size, 1), settings), DIGITS if are_numbered else SIGNS, (note,))
    chosen, how = choose_size(sizes)
    size, note = (
        (chosen, how) if options.image_size is None else (options.image_size, _asked_size(sizes, options.image_size))
    )
    channels = 3 if any(look.may_be_coloured for look in looks) else 1
    return FolderFitting(Fitting((*size, channels)), "images", (note,) if note else ())


def shows_one_digit(picture: Picture, settings: DigitSettings) -> bool:
    """Whether (h, w) uint8 is some ink on a ground, and not a thing that fills its frame: one digit is found in it, whose box
    touches no border, and whose ink leaves most of the frame free."""
    found = find_digits(picture, settings)
    if len(found) != 1 or found[0].box is None or found[0].prepared.empty:
        return False
    box, pixels = found[0].box, found[0].prepared.pixels
    inside = box.top > 0 and box.left > 0 and box.bottom < picture.shape[0] - 1 and box.right < picture.shape[1] - 1
    return inside and float((pixels >= LIGHT_INK).mean()) <= MOST_INK


def _show_digits(sample: Sequence[Picture], size: tuple[int, int]) -> bool:
    """Whether nearly all do, and most need something done to them."""
    if not sample:
        return False
    needy = [picture.shape != size or bool(is_bright_around(picture[None, ..., None])[0]) for picture in sample]
    if 2 * sum(needy) <= len(sample):
        return False
    settings = DigitSettings(*size)
    return sum(shows_one_digit(picture, settings) for picture in sample) >= LEAST_SHARE * len(sample)


def _settings(sample: Sequence[Picture], size: tuple[int, int]) -> DigitSettings:
    own = [picture for picture in sample if picture.shape == size]
    if 2 * len(own) <= len(sample):
        return DigitSettings(*size)
    return choose_settings(size, np.stack(own)[..., None])


def _sample(paths: Sequence[str], progress: ReadListener | None) -> list[Picture]:
    """Some of the pictures, in grey; what cannot be read is not among them."""
    rows = np.linspace(0, len(paths) - 1, min(SAMPLE, len(paths)), dtype=int)
    with one_thread_each():
        found = each_in_threads("looking for digits", _grey, [paths[row] for row in rows.tolist()], progress)
    return [picture for picture in found if picture is not None]


def _grey(path: str) -> Picture | None:
    try:
        pixels = decode_picture(read_picture_file(path), "it").pixels
    except PictureError:
        return None
    return to_grey(pixels) if pixels.shape[2] == 3 else pixels[..., 0]


def _digit_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    if len(set(sizes)) == 1 and max(sizes[0]) <= MOST_SIDE:
        return sizes[0]
    return DigitSettings().height, DigitSettings().width


def _note(size: tuple[int, int], *, asked: bool) -> str:
    made = f"made {size[0]} × {size[1]}, light on dark, cropped and centred"
    if asked:
        return f"its pictures were prepared as MNIST's digits were ({made}), as was asked"
    return (
        "its classes are the ten digits and its pictures show one each, so all were prepared as MNIST's digits were "
        f"({made}); --prepare fit only resizes them"
    )


def _asked_size(sizes: Sequence[tuple[int, int]], asked: tuple[int, int]) -> str:
    return "" if set(sizes) == {asked} else "all pictures were fitted to {} × {}, as was asked".format(*asked)
