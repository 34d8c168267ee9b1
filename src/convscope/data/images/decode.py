"""Decoding of image files to pixels that do not depend on the file format.

White ink on transparency is composited on black, other transparent pixels on white, with the integers of
``resample.to_grey``. 16 bits become 8 by (v + 128) // 257 unless fewer are used. CMYK becomes RGB by the simple formula, and
the EXIF orientation is applied; colour profiles and gamma are not. Of an animation the first frame is used. Pillow decodes the
formats of ``formats.py`` and no others, after the header has shown that the image fits into memory.
"""

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

from ...errors import PictureError, reason_of
from ...system.stderr import discarded_stderr
from ..readers.pixel_scale import BYTES, SIXTEEN_BITS, GivenRange, Values, scale_of_picture
from .essentials import essentials
from .formats import AGAIN, JPEG, MIN_SIDE, TIFF, ImageFormat, check_size, detect_format, too_many
from .resample import composite_on_white

ORIENTATION = 0x0112
"""Tag number in EXIF and TIFF."""
MAX_TAGS = 1000
"""Tags that are searched; cameras write about twenty."""
UPRIGHT = 1


def exif_orientation(exif: bytes) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) for a missing or invalid one.

    Only the first directory is searched and no other offset is followed, so that crafted blocks cost neither time nor memory.
    """
    block = exif.removeprefix(b"Exif\0\0")
    order: Any = {b"II": "little", b"MM": "big"}.get(block[:2])
    if order is None or len(block) < 8:
        return UPRIGHT
    start = int.from_bytes(block[4:8], order)
    count = int.from_bytes(block[start : start + 2], order)
    for offset in range(start + 2, start + 2 + 12 * min(count, MAX_TAGS), 12):
        entry = block[offset : offset + 12]
        if len(entry) < 12:
            break
        if int.from_bytes(entry[:2], order) == ORIENTATION:
            value = int.from_bytes(entry[8:10], order)
            return value if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


def apply_exif_orientation(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Rotate and mirror pixels (h, w, c) by the EXIF orientation ``orientation``, 1 to 8."""
    if orientation >= 5:  # rows and columns are swapped
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


MAX_SIDE = 2048
"""Pixels. A larger image is reduced by an integer factor: a photo then takes a tenth of the time, and the networks here need
hundreds of pixels at most."""
WHITE, OPAQUE = 240, 128
"""Least level and opacity of white ink."""
WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})

logging.getLogger("PIL").addHandler(logging.NullHandler())  # otherwise its errors go to the terminal

_libtiff_lock = threading.Lock()
"""Serializes libtiff's decoding of compressed TIFF files, since file descriptor 2 is shared by all threads. Reducing the image,
which costs more, still runs in parallel."""


@dataclass(frozen=True, eq=False)
class DecodedImage:
    """A decoded image, upright and without transparency."""

    pixels: npt.NDArray[np.uint8]
    """(h, w, c) with 1 or 3 channels and at most 2,048 pixels per side."""
    steps: tuple[str, ...] = ()
    """Phrases for the conversions, in order."""
    scale: float = 1.0
    """Pixels of the file per pixel here, along each side."""


def decode_image(content: bytes, name: str, given: GivenRange | None = None, least: int = MIN_SIDE) -> DecodedImage:
    """Decode the content of an image file.

    Args:
        content: All bytes of the file.
        name: Its name, quoted, for error messages.
        given: Black and white in the file, if they are not those of its format.
        least: The smallest longer side in pixels.

    Raises:
        PictureError: The file is no image, incomplete, damaged or too large. No other exception is raised.
    """
    image, kind, is_animated = open_header(content, name, least)
    with _as_picture_error(name, kind.name):
        full_size = image.size
        if kind is JPEG and (factor := _factor(full_size)) > 1:
            image.draft(
                image.mode, (-(-full_size[0] // factor), -(-full_size[1] // factor))
            )  # JPEG can decode at a reduced size
        return _upright(image, name, ["used the first frame"] if is_animated else [], full_size, given)


def open_header(content: bytes, name: str, least: int = MIN_SIDE) -> tuple[ImageFile, ImageFormat, bool]:
    """Open an image file without decoding pixels; PictureError if it is none, or too large.

    Returns:
        The image, its format, and whether it is animated.
    """
    kind = detect_format(content, name)
    needed, is_animated = essentials(kind, content, name)
    with _as_picture_error(name, kind.name), _silently():
        image = kind.open(io.BytesIO(needed))
        check_size(*image.size, name, least)
        return image, kind, bool(getattr(image, "is_animated", False)) if is_animated is None else is_animated


def measure_values(content: bytes, name: str) -> Values:
    """Return the range of the values that an image file holds, whatever its format takes for white."""
    found: list[Values] = []

    class Measure(GivenRange):
        def to_levels(self, values: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
            are_whole = values.dtype.kind != "f" or bool((values == np.floor(values)).all())
            found.append(Values(float(values.min()), float(values.max()), values.dtype, 1, are_whole))
            return np.zeros(values.shape, np.uint8)

    decode_image(content, name, Measure((0, 255)))
    return found[0] if found else Values(0, 255, np.dtype(np.uint8), 1)


def from_pillow(image: Image.Image, name: str, given: GivenRange | None = None, least: int = MIN_SIDE) -> DecodedImage:
    """Convert a Pillow image at its current frame; PictureError, with ``name``, if impossible.

    An image opened from a file is rotated by its EXIF orientation; one derived from it is not: its author has seen it.
    """
    with _as_picture_error(name, image.format or "image"):
        check_size(*image.size, name, least)
        if isinstance(image, ImageFile):
            return _upright(image, name, [], image.size, given)
        return _finished(image, name, [], image.size, given)


def _upright(
    image: ImageFile, name: str, steps: list[str], full_size: tuple[int, int], given: GivenRange | None
) -> DecodedImage:
    if image.format == TIFF.name:
        with _silently(), _quiet_libtiff(image):
            is_rotated = getattr(image, "tag_v2", {}).get(ORIENTATION, UPRIGHT) != UPRIGHT
            image.load()  # Pillow rotates TIFF files itself
        return _finished(image, name, [*steps, "rotated upright"] if is_rotated else steps, full_size, given)
    image.load()
    orientation = exif_orientation(bytes(image.info.get("exif") or b""))
    return _finished(image, name, steps, full_size, given, orientation)


def _finished(
    image: Image.Image,
    name: str,
    steps: list[str],
    full_size: tuple[int, int],
    given: GivenRange | None,
    orientation: int = UPRIGHT,
) -> DecodedImage:
    image = _plain(image, name, steps, given)
    if (factor := _factor(image.size)) > 1:
        image = image.reduce(factor)
    if max(full_size) > MAX_SIDE:
        steps.append(f"downscaled from {full_size[1]} × {full_size[0]}")
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    elif pixels.shape[2] == 4:
        if pixels[..., 3].min() < 255:
            steps.append("composited on white" if pixels[..., 3].any() else "fully transparent, so all white")
        opacity, pixels = pixels[..., 3], composite_on_white(pixels)
        if pixels.min() >= WHITE and opacity.max() >= OPAQUE > opacity.min():  # white ink, of which nothing would be left
            pixels = np.repeat(opacity[..., None], 3, axis=2)
            steps[-1] = "white ink on transparency, so on black"
    if orientation != UPRIGHT:
        steps.append("rotated upright")
    return DecodedImage(apply_exif_orientation(pixels, orientation), tuple(steps), max(full_size) / max(pixels.shape[:2]))


def _factor(size: tuple[int, int]) -> int:
    return -(-max(size) // MAX_SIDE)


def _plain(image: Image.Image, name: str, steps: list[str], given: GivenRange | None) -> Image.Image:
    """Convert ``image`` to mode L, RGB or RGBA."""
    mode, transparency = image.mode, image.info.get("transparency")
    if mode == "I" and image.format == "PPM":
        image, mode = Image.fromarray(np.asarray(image).astype(np.uint16)), "I;16"  # which has at most 16 bits
    if mode == "F" or mode.startswith("I;16"):
        values = np.asarray(image) if mode == "F" else np.asarray(image).astype(np.uint16, copy=False)
        grey = Image.fromarray(_levels(values, name, steps, given))
        if mode == "F" or not isinstance(transparency, int):
            return grey
        opacity = Image.fromarray(np.where(values == transparency, 0, 255).astype(np.uint8))
        return Image.merge("RGBA", (grey, grey, grey, opacity))
    if mode in ("I", "LAB"):
        what = "32-bit integers" if mode == "I" else "LAB colours"
        raise PictureError(f"{name} holds {what}, not grey levels of 8 or 16 bits or RGB. Save it as RGB.")
    if mode in WITH_ALPHA or transparency is not None or (mode == "P" and image.palette and image.palette.mode == "RGBA"):
        image = image if mode == "RGBA" else image.convert("RGBA")
        # White is 255 where something shines through, since that is composited on white.
        if given is None or image.getchannel("A").getextrema() != (255, 255):
            return image
        image = image.convert("RGB")
    else:
        image = image if mode in ("L", "RGB") else image.convert("L" if mode == "1" else "RGB")
    return image if given is None else Image.fromarray(_levels(np.asarray(image), name, steps, given))


def _levels(values: npt.NDArray[Any], name: str, steps: list[str], given: GivenRange | None) -> npt.NDArray[np.uint8]:
    """Return grey levels of values whose white is the largest of their bits, or 1, unless another one is given."""
    levels = values if given is None else given.to_levels(values, name)
    if given is not None and levels is not values:
        steps.append("scaled from {:g}–{:g} to 0–255".format(*given.range))
    elif values.dtype == np.uint16:
        # Of files of both depths, those of 8 bits say where white is.
        scale = SIXTEEN_BITS if given and given.range == BYTES.range else scale_of_picture(values)
        steps.append(scale.note)
        levels = scale.apply(values)
    elif values.dtype != np.uint8:
        if not (values.min() >= 0 and values.max() <= 1):  # false for NaN, too
            found = f"from {values.min():g} to {values.max():g}" if np.isfinite(values).all() else "that are not finite"
            raise PictureError(f"{name} holds floats {found}, not from 0 to 1. Save it with 8 or 16 bits.")
        steps.append("scaled from 0–1 to 0–255")
        levels = np.rint(values * 255).astype(np.uint8)
    return levels


@contextlib.contextmanager
def _as_picture_error(name: str, kind: str) -> Iterator[None]:
    # Pillow's decoders raise a dozen types of exceptions for damaged files.
    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:  # a tile larger than the image
        raise too_many(name, "a tile of more than 178 million pixels by its header") from error
    except Exception as error:
        raise PictureError(f"{name} cannot be decoded as {kind} ({reason_of(error)}). {AGAIN}") from error


class _Silence:
    """Suppresses warnings while at least one thread asks for it; warning filters are global."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._caught = warnings.catch_warnings()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._count == 0:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.simplefilter("ignore")
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if self._count == 0:
                    self._caught.__exit__(None, None, None)


_silently = _Silence()
"""Suppresses Pillow's warnings about metadata, which is not used here."""


@contextlib.contextmanager
def _quiet_libtiff(image: ImageFile) -> Iterator[None]:
    """Suppress what libtiff, which is C code, prints for each damaged line."""
    if not any(tile[0] == "libtiff" for tile in image.tile):
        yield
        return
    with _libtiff_lock, discarded_stderr():
        yield
