"""Pictures of a folder decoded into one array: each once, in threads, with all that cannot be decoded listed at the end.

Threads, since Pillow and NumPy let go of the interpreter while they work, and since processes would import the user's script
anew. Of photos, two cores read nearly twice as many as one; of pictures of 28 × 28 no more, some 3,500 a second.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import PictureError
from ..types import Images
from .decoding import decode_picture
from .fitting import Fitting
from .memory import room_for
from .picture_file import read_picture_file
from .picture_kinds import TIFF, kind_of
from .pictures import BadPicture, shown
from .reading import LEAST_SIDE as LEAST_ASKED
from .reading import Reading, ReadListener
from .upright import orientation

MOST_SIDE = 96
"""Pixels of the longer side of the size that is chosen where nobody says one; more cost time that small networks waste."""
LEAST_SIDE = 8
AT_A_TIME = 16
"""Pictures per task of a thread: enough to make its cost small, few enough for a bar that moves."""
MOST_THREADS = 16
GREY_MODES = frozenset({"1", "L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
SIDEWAYS = 5
"""From this EXIF orientation on, height is width."""
Item = TypeVar("Item")
Result = TypeVar("Result")


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


def look_at(paths: Sequence[str], progress: ReadListener | None) -> list[Look]:
    """The headers of those that have one; nothing is decoded."""
    looks = _each("looking at pictures", _look, paths, progress)
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
    paths: Sequence[str], root: str, size: tuple[int, int], may_be_coloured: bool, progress: ReadListener | None
) -> Decoded:
    """Decode every picture and fit it to ``size``, just as ``predict`` would; the bad ones are in the result.

    Raises :class:`DatasetError` where there is no room.
    """
    fitting = Fitting((*size, 3 if may_be_coloured else 1))
    images = room_for((len(paths), *fitting.image_shape), repr(root))

    def decode(index: int) -> tuple[bool, BadPicture | None]:
        name = shown(os.path.relpath(paths[index], root))
        try:
            fitted = fitting.fit(decode_picture(read_picture_file(paths[index]), repr(name)).pixels).pixels
        except PictureError as error:
            return False, BadPicture(name, str(error).replace(repr(paths[index]), repr(name), 1))
        images[index] = fitted
        return bool((fitted != fitted[..., :1]).any()), None

    with _one_thread_each():
        outcomes = _each("decoding pictures", decode, range(len(paths)), progress)
    bad = {index: outcome[1] for index, outcome in enumerate(outcomes) if outcome[1] is not None}
    if may_be_coloured and not any(coloured for coloured, _ in outcomes):
        images = images[..., :1] if isinstance(images, np.memmap) else np.ascontiguousarray(images[..., :1])
    return Decoded(images, bad)


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


def _each(step: str, work: Callable[[Item], Result], items: Sequence[Item], progress: ReadListener | None) -> list[Result]:
    """``[work(item) for item in items]``, by threads; ``progress`` is called in this one."""
    results: list[Result] = []
    tasks = [items[start : start + AT_A_TIME] for start in range(0, len(items), AT_A_TIME)]
    pool = ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_THREADS))
    try:
        for found in pool.map(lambda task: [work(item) for item in task], tasks):
            results += found
            if progress:
                progress(Reading(step, len(results), len(items)))
    finally:
        pool.shutdown(cancel_futures=True)  # where Ctrl-C ended it, what is left need not be done
    return results


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """While many threads resize, the multiplications of each stay in it: else they wait for one another's helpers, which
    made the same pictures take ten times as long on two busy cores."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
