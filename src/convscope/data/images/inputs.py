"""Image inputs: paths, folders, patterns, bytes, Pillow images, arrays, and lists."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...errors import PictureError, reason_of
from ...formatting import printable
from ...types import PathLike
from ..readers.pixel_scale import GivenRange
from .decode import DecodedImage, decode_image, from_pillow
from .files import EXAMPLE, EXAMPLE_FILE, find_image_files, read_image_file
from .formats import MIN_SIDE, check_size

CHANNELS = (1, 3, 4)
"""Grey, RGB, RGBA."""
TWICE = 1.00001 / 255
"""Largest value of floats that were divided by 255 twice."""


@dataclass(frozen=True, eq=False)
class NamedBytes:
    """An image with a name."""

    name: str
    image: Any
    """Any other image input."""

    def open(self, given: GivenRange | None = None, least: int = MIN_SIDE) -> DecodedImage:
        """Decode the image as :func:`open_image` does."""
        name = repr(self.name) if isinstance(self.image, (str, os.PathLike)) else self.name
        return open_image(self.image, name, given, least)


ImageLike: TypeAlias = PathLike | bytes | Image.Image | npt.NDArray[Any] | NamedBytes
"""One image, or the path of a folder or a pattern for several."""


@dataclass(frozen=True)
class BadPicture:
    """An image that cannot be read, and the error message."""

    name: str
    reason: str


def each_image(images: ImageLike | Iterable[ImageLike]) -> Iterator[NamedBytes | BadPicture]:
    """Yield one entry per image, in order, with folders and patterns expanded; none is opened."""
    for number, image in enumerate(_as_iterable(images)):
        if isinstance(image, (str, os.PathLike)):
            name = os.fsdecode(image)
            if name == EXAMPLE and not os.path.lexists(name):
                yield NamedBytes(name, EXAMPLE_FILE)
                continue
            try:
                yield from (NamedBytes(printable(found), found) for found in find_image_files(name))
            except PictureError as error:
                yield BadPicture(printable(name), str(error))
        else:
            yield image if isinstance(image, NamedBytes) else NamedBytes(f"picture {number}", image)


def _as_iterable(images: Any) -> Iterable[Any]:
    alone = (
        str,
        os.PathLike,
        bytes,
        bytearray,
        memoryview,
        Image.Image,
        NamedBytes,
        Mapping,
    )  # a mapping would give its keys
    if (
        isinstance(images, alone)
        or hasattr(images, "__array__")
        or hasattr(images, "read")
        or not isinstance(images, Iterable)
    ):
        return [images]
    return images


def open_image(image: Any, name: str, given: GivenRange | None = None, least: int = MIN_SIDE) -> DecodedImage:
    """Decode a path, bytes, an open file, a Pillow image or an array, whose longer side has at ``least`` so many pixels.

    In files and Pillow images, black and white may be ``given``.

    Raises:
        PictureError: The image cannot be read; the message begins with ``name``.
    """
    if isinstance(image, (str, os.PathLike)):
        return decode_image(read_image_file(image), name, given, least)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return decode_image(bytes(image), name, given, least)
    if isinstance(image, Image.Image):
        return from_pillow(image, name, given, least)
    if hasattr(image, "__array__"):
        return _from_array(np.asarray(image), name, least)
    if hasattr(image, "read"):
        try:
            content = image.read()
        except (OSError, ValueError) as error:  # such as one that is closed
            raise PictureError(f"{name} cannot be read: {reason_of(error)}. Open the file again.") from error
        if not isinstance(content, bytes):
            raise PictureError(f"{name} is a file that is open as text. Open it with mode 'rb'.")
        return decode_image(content, name, given, least)
    raise PictureError(
        f"{name} must be a path, bytes, a Pillow image or an array; got {type(image).__name__}. Convert lists of numbers with "
        "numpy.asarray."
    )


def _from_array(array: npt.NDArray[Any], name: str, least: int) -> DecodedImage:
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in CHANNELS or not array.size:
        raise PictureError(
            f"{name} must have shape (height, width) or (height, width, channels) with 1, 3 or 4 channels; got {array.shape}. "
            "Pass several images as a list."
        )
    check_size(array.shape[1], array.shape[0], name, least)
    levels = to_grey_levels(array, name)
    return from_pillow(Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels), name, None, least)


def to_grey_levels(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8]:
    """Convert uint8, floats from 0 to 1 or booleans of any shape to grey levels."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if not np.issubdtype(array.dtype, np.floating):
        raise PictureError(f"{name} must be uint8 (0..255) or floats (0..1); got dtype {array.dtype}. Convert it.")
    lowest, highest = (array.min(), array.max()) if array.size else (0, 0)
    if not (lowest >= 0 and highest <= 1):  # false for NaN, too
        if not np.isfinite(array).all():
            raise PictureError(f"{name} has values that are not finite. Replace them, such as with numpy.nan_to_num(image).")
        remedy = "(image + 1) / 2" if lowest >= -1 and highest <= 1 else "numpy.uint8(image)"
        raise PictureError(
            f"{name} must have floats from 0 to 1, or uint8 from 0 to 255; got {lowest:g} to {highest:g}. Convert it: {remedy}."
        )
    if 0 < highest <= TWICE:
        raise PictureError(
            f"{name} has values up to {highest:.2g}, but floats must be on the scale from 0 to 1. Rescale them."
        )
    return np.asarray(np.rint(array * 255), np.uint8)
