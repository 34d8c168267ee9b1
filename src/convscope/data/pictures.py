"""Pictures as people hold them: names of files and folders, bytes, Pillow's images, arrays, and lists of all these."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import PictureError
from ..types import PathLike
from .decoding import DecodedPicture, decode_picture, from_pillow
from .picture_checks import check_size
from .picture_file import read_picture_file
from .picture_names import find_pictures

PictureLike: TypeAlias = "PathLike | bytes | Image.Image | npt.NDArray[Any] | Named"
"""One picture. A name may stand for several: of a folder, or a pattern."""
CHANNELS = (1, 3, 4)
"""Grey, RGB, RGB with opacity."""
JOINERS = "\u200c\u200d"
"""Zero-width characters that Persian, Hindi and composed emoji need in a name."""


@dataclass(frozen=True, eq=False)
class Named:
    """A picture and what to call it."""

    name: str
    picture: Any
    """Any of the other kinds."""

    def open(self) -> DecodedPicture:
        """Raises :class:`PictureError`."""
        return open_picture(self.picture, repr(self.name) if isinstance(self.picture, (str, os.PathLike)) else self.name)


@dataclass(frozen=True)
class BadPicture:
    """A picture that could not be read, and why, in a sentence."""

    name: str
    reason: str


def each_picture(pictures: PictureLike | Iterable[PictureLike]) -> Iterator[Named | BadPicture]:
    """One entry per picture, in the order given, folders and patterns spelled out; none is opened yet."""
    for number, picture in enumerate(_listed(pictures)):
        if isinstance(picture, (str, os.PathLike)):
            name = os.fsdecode(picture)
            try:
                yield from (Named(shown(found), found) for found in find_pictures(name))
            except PictureError as error:
                yield BadPicture(shown(name), str(error))
        else:
            yield picture if isinstance(picture, Named) else Named(f"picture {number}", picture)


def _listed(pictures: Any) -> Iterable[Any]:
    alone = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image, Named)
    if isinstance(pictures, alone) or hasattr(pictures, "__array__") or not isinstance(pictures, Iterable):
        return [pictures]
    return pictures


def open_picture(picture: Any, name: str) -> DecodedPicture:
    """Open one. ``name`` stands in the sentence of the :class:`PictureError` that is raised where that cannot be done."""
    if isinstance(picture, (str, os.PathLike)):
        return decode_picture(read_picture_file(picture), name)
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return decode_picture(bytes(picture), name)
    if isinstance(picture, Image.Image):
        return from_pillow(picture, name)
    if hasattr(picture, "__array__"):
        return _from_array(np.asarray(picture), name)
    raise PictureError(
        f"{name} is of type {type(picture).__name__}; the name of a file, bytes, a Pillow image or an array was expected. "
        "Lists of numbers become an array with numpy.asarray."
    )


def _from_array(array: npt.NDArray[Any], name: str) -> DecodedPicture:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in CHANNELS or not array.size:
        raise PictureError(
            f"{name} has shape {array.shape}; (height, width) or (height, width, channels) with 1, 3 or 4 channels was "
            "expected. Pass one picture at a time, or a list."
        )
    check_size(array.shape[1], array.shape[0], name)
    levels = to_levels(array, name)
    return from_pillow(Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels), name)


def to_levels(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8]:
    """Grey levels 0..255 as uint8, of any shape: taken as they are; or from floats 0..1, rounded; or from truth values.

    Raises :class:`PictureError` for anything else.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if not np.issubdtype(array.dtype, np.floating):
        raise PictureError(f"{name} has dtype {array.dtype}; uint8 (0..255) or floats (0..1) were expected. Convert it.")
    lowest, highest = (array.min(), array.max()) if array.size else (0, 0)
    if not (lowest >= 0 and highest <= 1):  # nor where they are not numbers
        found = f"from {lowest:g} to {highest:g}" if np.isfinite(array).all() else "that are not finite"
        raise PictureError(
            f"{name} has values {found}; 0 to 1, or uint8 from 0 to 255, was expected. Convert it: numpy.uint8(picture)."
        )
    return np.asarray(np.rint(array * 255), np.uint8)


def shown(name: str) -> str:
    """A file's name for a terminal or a page: what cannot be printed, such as a colour code in it, is spelled out."""
    return "".join(each if each.isprintable() or each in JOINERS else repr(each)[1:-1] for each in name)
