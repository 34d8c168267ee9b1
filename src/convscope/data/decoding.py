"""From the bytes of a picture file to its pixels: the same ones, whatever it was saved as.

Transparent parts lie on white, as on the page and on paper (the integers of ``data/grey.py``); 16 bits become 8 by
(v + 128) // 257; CMYK becomes RGB by the simple formula; colour profiles and gamma are not applied; of an animation the
first picture is taken; what a camera noted about how it was held is obeyed. Pillow does the decoding, of six kinds of file
and no other, once the header has shown that it will fit into memory.
"""

from __future__ import annotations

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

from ..errors import PictureError
from ..stderr import discarded_stderr
from .grey import on_white
from .picture_checks import AGAIN, check_png, check_size, check_webp, too_many
from .picture_kinds import JPEG, PNG, TIFF, WEBP, kind_of
from .upright import ORIENTATION, UPRIGHT, orientation, turn_upright

LARGEST_SIDE = 2048
"""Pixels. A larger picture becomes the means of squares of so many pixels that it is not larger: a photo then takes a tenth
of the time, and the networks here want hundreds of pixels at most."""
CHECKS = {PNG: check_png, WEBP: check_webp}
WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
TO_EIGHT_BITS = ((np.arange(65536, dtype=np.int64) + 128) // 257).astype(np.uint8)

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its complaints go to the terminal

_one_at_a_time = threading.Lock()
"""Standard error is one for all threads: what libtiff decodes, of a TIFF that is compressed, is decoded one after the other.
What costs more, making it smaller, is not."""


@dataclass(frozen=True, eq=False)
class DecodedPicture:
    """A picture as people see it."""

    pixels: npt.NDArray[np.uint8]
    """(h, w, c), c is 1 or 3; no side is longer than 2048."""
    done: tuple[str, ...] = ()
    """What was done to it on the way, in words, in order."""
    scale: float = 1.0
    """Pixels of the file for each pixel here, each way."""


def decode_picture(content: bytes, name: str) -> DecodedPicture:
    """Decode a whole file. Raises :class:`PictureError`, and nothing else, where ``content`` is no picture, not a whole one,
    or too large a one; ``name``, quoted as it should stand in the sentence, begins it."""
    kind = kind_of(content, name)
    if check := CHECKS.get(kind):
        check(content, name)
    with _named(name, kind.name):
        with _silently():
            image = kind.open(io.BytesIO(content))
            check_size(*image.size, name)
            several = bool(getattr(image, "is_animated", False))
        whole = image.size
        if kind is JPEG and (factor := _factor(whole)) > 1:
            image.draft(image.mode, (-(-whole[0] // factor), -(-whole[1] // factor)))  # smaller from the start
        return _upright(image, name, ["first picture taken"] if several else [], whole)


def from_pillow(image: Image.Image, name: str) -> DecodedPicture:
    """A picture that somebody opened or made with Pillow: the frame that it is at. Raises :class:`PictureError`.

    One that still is its file is turned upright; what was made from one is not, for its maker has seen it.
    """
    with _named(name, image.format or "picture"):
        check_size(*image.size, name)
        if isinstance(image, ImageFile):
            return _upright(image, name, [], image.size)
        return _finished(image, name, [], image.size)


def _upright(image: ImageFile, name: str, done: list[str], whole: tuple[int, int]) -> DecodedPicture:
    if image.format == TIFF.name:
        with _silently(), _libtiff_kept_quiet(image):
            turned = getattr(image, "tag_v2", {}).get(ORIENTATION, UPRIGHT) != UPRIGHT
            image.load()  # Pillow turns these itself
        return _finished(image, name, [*done, "turned upright"] if turned else done, whole)
    image.load()
    held = orientation(bytes(image.info.get("exif") or b""))
    return _finished(image, name, done, whole, held)


def _finished(image: Image.Image, name: str, done: list[str], whole: tuple[int, int], held: int = UPRIGHT) -> DecodedPicture:
    image = _plain(image, name, done)
    if (factor := _factor(image.size)) > 1:
        image = image.reduce(factor)
    if max(whole) > LARGEST_SIDE:
        done.append(f"made smaller from {whole[0]} × {whole[1]}")
    pixels = np.asarray(image)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    elif pixels.shape[2] == 4:
        if pixels[..., 3].min() < 255:
            done.append("laid on white" if pixels[..., 3].any() else "transparent all over, so nothing but white")
        pixels = on_white(pixels)
    if held != UPRIGHT:
        done.append("turned upright")
    return DecodedPicture(turn_upright(pixels, held), tuple(done), max(whole) / max(pixels.shape[:2]))


def _factor(size: tuple[int, int]) -> int:
    return -(-max(size) // LARGEST_SIDE)


def _plain(image: Image.Image, name: str, done: list[str]) -> Image.Image:
    """``image`` in mode L, RGB or RGBA."""
    mode, see_through = image.mode, image.info.get("transparency")
    if mode.startswith("I;16"):
        done.append("16 bits made 8")
        return _from_sixteen_bits(image, see_through)
    if mode == "F":
        done.append("0..1 made 0..255")
        return _from_shares(image, name)
    if mode in ("I", "LAB"):
        what = "whole numbers of 32 bits" if mode == "I" else "LAB colours"
        raise PictureError(f"{name} holds {what}; grey levels of 8 or 16 bits, or RGB, were expected. Save it as RGB.")
    if mode in WITH_ALPHA or see_through is not None or (mode == "P" and image.palette and image.palette.mode == "RGBA"):
        return image if mode == "RGBA" else image.convert("RGBA")
    return image if mode in ("L", "RGB") else image.convert("L" if mode == "1" else "RGB")


def _from_sixteen_bits(image: Image.Image, see_through: object) -> Image.Image:
    levels = np.asarray(image).astype(np.uint16, copy=False)
    grey = Image.fromarray(TO_EIGHT_BITS[levels])
    if not isinstance(see_through, int):
        return grey
    opacity = Image.fromarray(np.where(levels == see_through, 0, 255).astype(np.uint8))
    return Image.merge("RGBA", (grey, grey, grey, opacity))


def _from_shares(image: Image.Image, name: str) -> Image.Image:
    shares = np.asarray(image)
    if not (shares.min() >= 0 and shares.max() <= 1):  # nor where they are not numbers
        raise PictureError(
            f"{name} holds decimal numbers from {shares.min():g} to {shares.max():g}; 0 to 1 was expected. "
            "Save it with 8 or 16 bits."
        )
    return Image.fromarray(np.rint(shares * 255).astype(np.uint8))


@contextlib.contextmanager
def _named(name: str, kind: str) -> Iterator[None]:
    """Whatever goes wrong becomes a :class:`PictureError`: Pillow's decoders fail in a dozen ways, each of which says that
    the file is not what it should be."""
    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:  # a part of the picture that is larger than the whole
        raise too_many(name, "a part of more than 178 million pixels by its header") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise PictureError(f"{name} cannot be decoded ({reason}); an undamaged {kind} was expected. {AGAIN}") from error


class _Silence:
    """Nobody sees warnings while one thread at least asks for that: which are shown is one setting for all."""

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
"""Without Pillow's warnings of metadata that nobody here reads."""


@contextlib.contextmanager
def _libtiff_kept_quiet(image: ImageFile) -> Iterator[None]:
    """Without what libtiff, which is C, tells the terminal of each damaged line; that the file is damaged is said anyway."""
    if not any(tile[0] == "libtiff" for tile in image.tile):
        yield
        return
    with _one_at_a_time, discarded_stderr():
        yield
