"""Decoding of the image files of a folder into one array, in threads.

Notes:
    Threads rather than processes: Pillow and NumPy release the GIL, and processes would import the user's script again. Two
    cores decode nearly twice as many photos as one; of 28 × 28 images no more than one core, about 3,500 per second.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from ...errors import PictureError
from ...formatting import printable
from ...system.memory import allocate_images
from ...types import Images
from ..images.decode import decode_image, exif_orientation, open_header
from ..images.files import read_image_file
from ..images.formats import TIFF
from ..images.inputs import BadPicture
from ..preprocessing import ImagePreprocessor, middle_size
from ..read_options import MIN_SIDE as MIN_ASKED
from ..read_options import ReadListener
from ..threads import each_in_threads, one_thread_each
from .pixel_scale import GivenRange

MAX_SIDE = 96
"""Longer side of a size chosen automatically, in pixels. More would cost time without helping small networks."""
MIN_SIDE = 8
GREY_MODES = frozenset({"1", "L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
SIDEWAYS = 5
"""The first EXIF orientation that swaps height and width."""


@dataclass(frozen=True)
class ImageHeader:
    """Facts from the header of an image file."""

    size: tuple[int, int]
    """(height, width) after rotation by EXIF."""
    may_be_coloured: bool


@dataclass(frozen=True, eq=False)
class Decoded:
    """The decoded image files of a folder."""

    images: Images
    """(n, h, w, c) in the order of the paths; c is 1 if no file has colour. Rows of unreadable files are undefined."""
    bad: dict[int, BadPicture]
    """Unreadable files by row."""
    several: tuple[str, ...] = ()
    """Names of the files in which several digits were found."""


def read_image_headers(paths: Sequence[str], progress: ReadListener | None) -> list[ImageHeader]:
    """Read the headers of image files, skipping files without a valid one."""
    headers = each_in_threads("reading image headers", _read_header, paths, progress)
    return [header for header in headers if header is not None]


def choose_size(sizes: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], str]:
    """Choose a common (height, width) for image files, with a note unless all have it.

    It is the size of all, or the medians of heights and widths; scaled down to a longer side of at most 96 pixels.
    """
    if not sizes:
        return (MAX_SIDE, MAX_SIDE), ""
    height, width = (round(median(side)) for side in zip(*sizes, strict=True))
    different = len(set(sizes))
    shrink = min(1.0, MAX_SIDE / max(height, width))
    chosen = max(MIN_SIDE, round(height * shrink)), max(MIN_SIDE, round(width * shrink))
    if different == 1 and shrink == 1 and min(height, width) >= MIN_ASKED:
        return (height, width), ""
    found = f"{different:,} sizes, median {height} × {width}" if different > 1 else f"{height} × {width}"
    limit = f" (at most {MAX_SIDE} per side)" * (shrink < 1)
    return chosen, f"resized all image files ({found}) to {resized(sizes, chosen)}{limit}; change with --image-size"


def resized(sizes: Sequence[tuple[int, int]], chosen: tuple[int, int]) -> str:
    """Return the ``chosen`` (height, width), and that images are cropped where those of ``sizes`` have other proportions."""
    is_cut = any(middle_size(size, chosen[0] / chosen[1]) != size for size in set(sizes))
    return f"{chosen[0]} × {chosen[1]}{', cropped to the middle where their proportions differ' if is_cut else ''}"


def decode_all(
    paths: Sequence[str],
    root: str,
    preprocessor: ImagePreprocessor,
    progress: ReadListener | None,
    *,
    keeps_channels: bool = False,
    given: GivenRange | None = None,
) -> Decoded:
    """Decode and preprocess image files as ``predict`` does.

    If a file shows several digits, the one with the most ink is used. ``root`` is the folder that names in messages are
    relative to; black and white may be ``given``. Unless ``keeps_channels``, three channels become one if no file has colour.
    """
    images = allocate_images((len(paths), *preprocessor.image_shape), repr(root))

    def decode(index: int) -> _Outcome:
        name = printable(os.path.relpath(paths[index], root))
        try:
            decoded = decode_image(read_image_file(paths[index]), repr(name), given)
            prepared, count = preprocessor.preprocess_largest(decoded.pixels)
        except PictureError as error:
            return _Outcome(bad=BadPicture(name, str(error).replace(repr(paths[index]), repr(name), 1)))
        images[index] = pixels = prepared.pixels
        return _Outcome(bool((pixels != pixels[..., :1]).any()), name if count > 1 else "")

    with one_thread_each():
        outcomes = each_in_threads("decoding image files", decode, range(len(paths)), progress)
    bad = {index: outcome.bad for index, outcome in enumerate(outcomes) if outcome.bad is not None}
    if preprocessor.image_shape[2] == 3 and not keeps_channels and not any(outcome.coloured for outcome in outcomes):
        images = images[..., :1] if isinstance(images, np.memmap) else np.ascontiguousarray(images[..., :1])
    return Decoded(images, bad, tuple(outcome.several for outcome in outcomes if outcome.several))


@dataclass(frozen=True)
class _Outcome:
    coloured: bool = False
    several: str = ""
    """The name of a file with several digits."""
    bad: BadPicture | None = None


def keep_rows(images: Images, rows: npt.NDArray[np.int64]) -> Images:
    """Return ``images[rows]`` for ascending rows, moved in target."""
    # In target, because the images may fit into memory only once.
    for target, row in enumerate(rows.tolist()):
        if target != row:
            images[target] = images[row]
    return images[: len(rows)]


def _read_header(path: str) -> ImageHeader | None:
    try:
        image, _, _ = open_header(read_image_file(path), path)
        orientation = 1 if image.format == TIFF.name else exif_orientation(bytes(image.info.get("exif") or b""))
    except Exception:  # noqa: BLE001  (Pillow fails on headers in many ways; decoding reports the reason)
        return None
    size = (image.height, image.width) if orientation < SIDEWAYS else (image.width, image.height)
    return ImageHeader(size, image.mode not in GREY_MODES)
