"""Pictures of a folder decoded into one array: each once, in threads, with all that cannot be decoded listed at the end.

Threads, since Pillow and NumPy let go of the interpreter while they work, and since processes would import the user's script
anew. Of photos, two cores read nearly twice as many as one; of pictures of 28 × 28 no more, some 3,500 a second.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from ..errors import PictureError
from ..types import Images
from .decoding import decode_picture
from .fitting import Fitting
from .in_threads import each_in_threads, one_thread_each
from .memory import room_for
from .picture_file import read_picture_file
from .picture_kinds import TIFF, kind_of
from .pictures import BadPicture, shown
from .reading import LEAST_SIDE as LEAST_ASKED
from .reading import ReadListener
from .upright import orientation

MOST_SIDE = 96
"""Pixels of the longer side of the size that is chosen where nobody says one; more cost time that small networks waste."""
LEAST_SIDE = 8
GREY_MODES = frozenset({"1", "L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
SIDEWAYS = 5
"""From this EXIF orientation on, height is width."""


@dataclass(frozen=True)
class Look:
    """What the header of a picture says."""

    size: tuple[int, int]
    """(height, width), as people see it."""
    may_be_coloured: bool


@dataclass(frozen=True, eq=False)
class Decoded:
    """What became of the pictures."""

    images: Images
    """(n, h, w, c), in the order of their names; of a bad one, anything. c is 1 where none has colour, else 3."""
    bad: dict[int, BadPicture]
    """By position."""
    several: tuple[str, ...] = ()
    """The names of those with several digits, where digits were looked for."""


def look_at(paths: Sequence[str], progress: ReadListener | None) -> list[Look]:
    """The headers of those that have one; nothing is decoded."""
    looks = each_in_threads("looking at pictures", _look, paths, progress)
    return [look for look in looks if look is not None]


def choose_size(sizes: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], str]:
    """The (height, width) for pictures of these sizes, and how it was chosen: that of all of them, or the medians of heights and
    of widths; scaled down where the longer side has over 96 pixels."""
    if not sizes:
        return (MOST_SIDE, MOST_SIDE), ""
    height, width = (round(median(side)) for side in zip(*sizes, strict=True))
    different = len(set(sizes))
    shrink = min(1.0, MOST_SIDE / max(height, width))
    chosen = max(LEAST_SIDE, round(height * shrink)), max(LEAST_SIDE, round(width * shrink))
    if different == 1 and shrink == 1 and min(height, width) >= LEAST_ASKED:
        return (height, width), ""
    what, why = f"its pictures are {height} × {width}", [f"at most {MOST_SIDE}"] * (shrink < 1)
    if different > 1:
        what = f"its pictures have {different:,} different sizes, {height} × {width} in the middle"
    return (
        chosen,
        f"{what}; all were fitted to {chosen[0]} × {chosen[1]}{', '.join(['', *why])}; --image-size chooses another",
    )


def decode_all(
    paths: Sequence[str], root: str, fitting: Fitting, progress: ReadListener | None, *, keeps_channels: bool = False
) -> Decoded:
    """Decode every picture and fit it, just as ``predict`` would; the bad ones are in the result. Of a picture with several digits,
    where it is these that are looked for, the one with the most ink is taken.

    ``keeps_channels``: also three where none has colour. Raises :class:`DatasetError` where there is no room.
    """
    images = room_for((len(paths), *fitting.image_shape), repr(root))

    def decode(index: int) -> _Outcome:
        name = shown(os.path.relpath(paths[index], root))
        try:
            decoded = decode_picture(read_picture_file(paths[index]), repr(name))
            fitted, count = fitting.fit_one(decoded.pixels)
        except PictureError as error:
            return _Outcome(bad=BadPicture(name, str(error).replace(repr(paths[index]), repr(name), 1)))
        images[index] = pixels = fitted.pixels
        return _Outcome(bool((pixels != pixels[..., :1]).any()), name if count > 1 else "")

    with one_thread_each():
        outcomes = each_in_threads("decoding pictures", decode, range(len(paths)), progress)
    bad = {index: outcome.bad for index, outcome in enumerate(outcomes) if outcome.bad is not None}
    if fitting.image_shape[2] == 3 and not keeps_channels and not any(outcome.coloured for outcome in outcomes):
        images = images[..., :1] if isinstance(images, np.memmap) else np.ascontiguousarray(images[..., :1])
    return Decoded(images, bad, tuple(outcome.several for outcome in outcomes if outcome.several))


@dataclass(frozen=True)
class _Outcome:
    coloured: bool = False
    several: str = ""
    """The picture's name, if it holds several digits."""
    bad: BadPicture | None = None


def keep_rows(images: Images, rows: npt.NDArray[np.int64]) -> Images:
    """``images[rows]`` for ascending rows, moved up in place: a set that hardly fits into memory need not fit twice."""
    for place, row in enumerate(rows.tolist()):
        if place != row:
            images[place] = images[row]
    return images[: len(rows)]


def _look(path: str) -> Look | None:
    try:
        content = read_picture_file(path)
        image = kind_of(content, path).open(io.BytesIO(content))
        held = 1 if image.format == TIFF.name else orientation(bytes(image.info.get("exif") or b""))
    except Exception:  # noqa: BLE001  (Pillow's headers fail in many ways; decoding says what is wrong)
        return None
    size = (image.height, image.width) if held < SIDEWAYS else (image.width, image.height)
    return Look(size, image.mode not in GREY_MODES)
