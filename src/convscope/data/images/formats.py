"""File formats of images, recognized by content instead of file name."""

import importlib
import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from PIL.ImageFile import ImageFile

from ...errors import PictureError
from ...system.installation import pip_line

EXPECTED = "PNG, JPEG, GIF, WebP, BMP, TIFF, PNM, AVIF or HEIC"

UNREAD_SUFFIXES = frozenset({".jxl", ".jp2", ".j2k"})
SUFFIXES = UNREAD_SUFFIXES | {
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".avif", ".heic",
    ".heif", ".hif", ".pgm", ".ppm", ".pbm", ".pnm",
}  # fmt: skip
"""Suffixes of image files in folders. Those that cannot be read are listed with the reason, not left out in silence."""


@dataclass(frozen=True)
class ImageFormat:
    """An image format, and the only class that decodes it for Pillow."""

    name: str
    module: str
    class_name: str

    def open(self, file: IO[bytes]) -> ImageFile:
        """Read the header of an image, without decoding pixels."""
        opener = getattr(importlib.import_module(self.module), self.class_name)
        image: ImageFile = opener(file)
        return image


PNG = ImageFormat("PNG", "PIL.PngImagePlugin", "PngImageFile")
JPEG = ImageFormat("JPEG", "PIL.JpegImagePlugin", "JpegImageFile")
GIF = ImageFormat("GIF", "PIL.GifImagePlugin", "GifImageFile")
WEBP = ImageFormat("WebP", "PIL.WebPImagePlugin", "WebPImageFile")
BMP = ImageFormat("BMP", "PIL.BmpImagePlugin", "BmpImageFile")
TIFF = ImageFormat("TIFF", "PIL.TiffImagePlugin", "TiffImageFile")
PNM = ImageFormat("PNM", "PIL.PpmImagePlugin", "PpmImageFile")
AVIF = ImageFormat("AVIF", "PIL.AvifImagePlugin", "AvifImageFile")
HEIC = ImageFormat("HEIC", "pillow_heif", "HeifImageFile")

SIGNATURES: tuple[tuple[bytes, ImageFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
    *((b"P%d%c" % (kind, blank), PNM) for kind in range(1, 7) for blank in b"\n\r \t"),
)

CONVERT = "Convert it to PNG or JPEG"

OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF file", "Export the page as PNG"),
    (b"%!PS", "a PostScript file", CONVERT),
    (b"8BPS", "a Photoshop file", CONVERT),
    (b"\0\0\1\0", "an icon file", CONVERT),
    (b"\0\0\0\x0cjP", "a JPEG 2000 file", CONVERT),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file", CONVERT),
    (b"\xff\x0a", "a JPEG XL file", CONVERT),
    (b"\0\0\0\x0cJXL", "a JPEG XL file", CONVERT),
    (b"\x93NUMPY", "a NumPy array", "Load it in Python and pass the array"),
    (b"PK\3\4", "a zip archive", "Unpack it and pass what is in it"),
    (b"\x1f\x8b", "a gzip archive", "Unpack it and pass what is in it"),
    (b"version https://git-lfs", "a pointer of Git LFS", "Fetch the file itself with git lfs pull"),
    (b"<svg", "an SVG drawing", "Export it as PNG"),
    (b"<?xml", "an XML file", "Export it as PNG if it is a drawing"),
    (b"<!doctype", "an HTML page", "Download the file itself"),
    (b"<html", "an HTML page", "Download the file itself"),
)
"""Files passed by mistake: first bytes, description, remedy."""
BRANDS = ((AVIF, {b"avif", b"avis"}), (HEIC, {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}))
"""Formats in a container that lists their brands; the first that is listed counts."""
DECODERS: dict[ImageFormat, tuple[str, str, Callable[[], str]]] = {
    AVIF: ("PIL._avif", "an AVIF photo, which needs Pillow 11.3 or later with AVIF", lambda: "pip install --upgrade pillow"),
    HEIC: ("_pillow_heif", "a HEIC photo, which needs the package pillow-heif", lambda: pip_line("heif")),
}
"""Modules that not every installation has, a description of their files, and the line that installs them."""


def detect_format(content: bytes, name: str) -> ImageFormat:
    """Return the format of an image file; PictureError, naming the format, for others."""
    if not content:
        raise PictureError(f"{name} is empty (0 bytes). Copy or save it again.")
    for signature, kind in SIGNATURES:
        if content.startswith(signature):
            return kind
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    if content[4:8] == b"ftyp":
        listed = content[8 : min(int.from_bytes(content[:4], "big"), 256)]
        brands = {listed[start : start + 4] for start in range(0, len(listed), 4)}
        if kinds := [kind for kind, own in BRANDS if own & brands]:
            return _with_decoder(kinds[0], name)
    what, remedy = _other(content)
    raise PictureError(f"{name} is {what}, not a {EXPECTED} file. {remedy}.")


def _with_decoder(kind: ImageFormat, name: str) -> ImageFormat:
    module, what, command = DECODERS[kind]
    if importlib.util.find_spec(module) is None:
        raise PictureError(f"{name} is {what}. Install it with: {command()}, or convert the photo to JPEG.")
    return kind


def other_format(content: bytes) -> tuple[str, str] | None:
    """Return the description of another kind of file by its first bytes, and the remedy; None if it is not known."""
    start = content[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((each[1:] for each in OTHERS if content.startswith(each[0]) or start.startswith(each[0])), None)


def _other(content: bytes) -> tuple[str, str]:
    if found := other_format(content):
        return found
    if not content.strip(b"\0"):
        return "a file of zero bytes only", "Copy or save it again"
    return f"of unknown format (it begins with {content[:8]!r})", CONVERT


MAX_PIXELS = 64 * 10**6
"""Largest image by its header. Decoding takes up to half a gigabyte."""
MIN_SIDE = 4
"""Smallest longer side; anything smaller is a tracking pixel or a mistake, unless the network's own images are as small."""
MAX_PACKING = 1032
"""Largest compression ratio of deflate."""
AGAIN = "Copy or save it again."


def check_size(width: int, height: int, name: str, least: int = 1) -> None:
    """Check that an image has at most :data:`MAX_PIXELS` and a longer side of ``least``, else raise a PictureError."""
    if min(width, height) < 1 or max(width, height) < least:
        sides = "both sides need at least 1" if min(width, height) < 1 else f"one side needs at least {least}"
        raise PictureError(f"{name} has {height:,} × {width:,} pixels, but {sides}. Pass a larger image.")
    if width * height > MAX_PIXELS:
        raise too_many(name, f"{height:,} × {width:,} pixels, {math.ceil(width * height / 1e4) / 100:,g} million")


def too_many(name: str, found: str) -> PictureError:
    """Return the error for an image with too many pixels."""
    return PictureError(
        f"{name} has {found}, but at most {MAX_PIXELS // 10**6} million are supported. Save the image smaller."
    )
