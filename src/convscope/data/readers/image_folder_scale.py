"""Choice of black and white for the image files of a folder: one decision for all, by the rules for arrays and tables.

A format says how many bits a value has, not which value is white: 12 bits are often saved in 16, and scikit-learn's digits in 8. A
sample tells ordinary files; only others are decoded twice.
"""

from collections.abc import Sequence

import numpy as np

from ...errors import DatasetError, PictureError, option
from ..images.decode import measure_values
from ..images.files import read_image_file
from ..read_options import AS_THEY_ARE, PixelForm, ReadListener, ReadOptions
from ..threads import each_in_threads, one_thread_each
from .pixel_scale import BYTES, FEW_IMAGES, PERCENT_WHITE, SIXTEEN_BITS, UNIT, GivenRange, Values, scale_of

SAMPLE = 40
"""Files of each split decoded in advance."""
ENOUGH = {"u1": PERCENT_WHITE, "u2": 2**15}
"""A value beyond which white can only be the largest of the bits."""
OF_THE_FORMAT = {"u1": BYTES, "u2": SIXTEEN_BITS, "f4": UNIT}


def choose_given_range(
    splits: Sequence[Sequence[str]], root: str, options: ReadOptions, progress: ReadListener | None
) -> tuple[GivenRange | None, PixelForm, str]:
    """Return black and white in the files of ``splits`` unless their formats give them, the form of the pixels, and a note.

    DatasetError if the values are outside the scale, on different scales, or on one that is not certain.
    """
    if options.pixel_range is None and _are_ordinary([_measure(_sample(paths), progress) for paths in splits]):
        return None, AS_THEY_ARE, ""
    usual = options.trained_on.range if options.trained_on else None
    parts = [each for each in (_measure(paths, progress) for paths in splits) if each]
    kinds = sorted({kind for part in parts for kind in part})
    if len(kinds) < 2 or options.pixel_range is not None:
        values = [value for part in parts for value in part.values()]
        if not values:  # no file is readable, which decoding reports
            return None, AS_THEY_ARE, ""
        scale = scale_of(values, root, options.pixel_range, usual)
        return GivenRange(scale.range), PixelForm(scale.range), scale.note
    if usual is not None:
        return GivenRange(usual, is_certain=False), PixelForm(usual), ""
    for kind in kinds:
        of_kind = [part[kind] for part in parts if kind in part]
        if of_kind[0].count < FEW_IMAGES or scale_of(of_kind, root).range == OF_THE_FORMAT[kind].range:
            continue
        bits, high = 8 * of_kind[0].dtype.itemsize, max(value.high for value in of_kind)
        raise DatasetError(
            f"{root} holds image files of different depths, and those of {bits} bits have values up to {high:g} only. Save all "
            f"alike, or pass the values of black and white in all of them, such as {option('pixel_range', (0, high))}."
        )
    return GivenRange(BYTES.range, is_certain=False), AS_THEY_ARE, ""


def _are_ordinary(parts: Sequence[dict[str, Values]]) -> bool:
    return all(set(part) <= {"u1"} and all(values.high > ENOUGH["u1"] for values in part.values()) for part in parts)


def _sample(paths: Sequence[str]) -> list[str]:
    return [paths[row] for row in np.linspace(0, len(paths) - 1, min(SAMPLE, len(paths)), dtype=int).tolist()]


def _measure(paths: Sequence[str], progress: ReadListener | None) -> dict[str, Values]:
    """Return the values of the readable files by their depth."""

    def measure(path: str) -> Values | None:
        try:
            return measure_values(read_image_file(path), repr(path))
        except PictureError:
            return None

    with one_thread_each():
        found = [each for each in each_in_threads("looking for black and white", measure, paths, progress) if each]
    return {kind: _together([each for each in found if each.dtype.str[1:] == kind]) for kind in
            {each.dtype.str[1:] for each in found}}  # fmt: skip


def _together(values: Sequence[Values]) -> Values:
    lows, highs = [each.low for each in values], [each.high for each in values]
    return Values(min(lows), max(highs), values[0].dtype, len(values), all(each.are_whole for each in values))
