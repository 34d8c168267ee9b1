"""File formats of images, recognized by content instead of file name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import IO

from PIL.ImageFile import ImageFile

from ..errors import PictureError

EXPECTED = "PNG, JPEG, GIF, WebP, BMP or TIFF"
SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff"}
)  # fmt: skip
"""Suffixes of image files in folders."""


@dataclass(frozen=True)
class Kind:
    """An image format, and the only Pillow class that decodes it."""

    name: str
    plugin: str
    class_name: str

    def open(self, file: IO[bytes]) -> ImageFile:
        """Read the header of an image, without decoding pixels."""
        opener = getattr(importlib.import_module(f"PIL.{self.plugin}"), self.class_name)
        image: ImageFile = opener(file)
        return image


PNG = Kind("PNG", "PngImagePlugin", "PngImageFile")
JPEG = Kind("JPEG", "JpegImagePlugin", "JpegImageFile")
GIF = Kind("GIF", "GifImagePlugin", "GifImageFile")
WEBP = Kind("WebP", "WebPImagePlugin", "WebPImageFile")
BMP = Kind("BMP", "BmpImagePlugin", "BmpImageFile")
TIFF = Kind("TIFF", "TiffImagePlugin", "TiffImageFile")

SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"II+\0", TIFF),
    (b"MM\0+", TIFF),
)
CONVERT = "Convert it to PNG or JPEG"
OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF file", "Export the page as PNG"),
    (b"%!PS", "a PostScript file", CONVERT),
    (b"8BPS", "a Photoshop file", CONVERT),
    (b"\0\0\1\0", "an icon file", CONVERT),
    (b"\0\0\0\x0cjP", "a JPEG 2000 file", CONVERT),
    (b"\xff\x0a", "a JPEG XL file", CONVERT),
    (b"\0\0\0\x0cJXL", "a JPEG XL file", CONVERT),
    (b"\x93NUMPY", "a NumPy array", "Load it in Python and pass the array"),
    (b"PK\3\4", "a zip archive", "Unpack it and pass the image files"),
    (b"\x1f\x8b", "a gzip archive", "Unpack it and pass the image files"),
    (b"<svg", "an SVG drawing", "Export it as PNG"),
    (b"<?xml", "an XML file", "Export it as PNG if it is a drawing"),
    (b"<!doctype", "an HTML page", "Download the image file itself"),
    (b"<html", "an HTML page", "Download the image file itself"),
)
"""Files passed by mistake: first bytes, description, remedy."""
HEIF_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF"}


def kind_of(content: bytes, name: str) -> Kind:
    """Return the format of an image file.

    Args:
        content: The bytes of the file.
        name: The name for error messages, quoted.

    Raises:
        PictureError: The file has another format, which the message names.
    """
    if not content:
        raise PictureError(f"{name} is empty (0 bytes). Copy or save it again.")
    for signature, kind in SIGNATURES:
        if content.startswith(signature):
            return kind
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    what, remedy = _other(content)
    raise PictureError(f"{name} is {what}, not a {EXPECTED} file. {remedy}.")


def _other(content: bytes) -> tuple[str, str]:
    if content[4:8] == b"ftyp" and content[8:12] in HEIF_BRANDS:
        return f"a {HEIF_BRANDS[content[8:12]]} photo", "Convert it to JPEG, or let the phone take JPEGs"
    start = content[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for signature, what, remedy in OTHERS:
        if content.startswith(signature) or start.startswith(signature):
            return what, remedy
    if not content.strip(b"\0"):
        return "a file of zero bytes only", "Copy or save it again"
    return f"of unknown format (it begins with {content[:8]!r})", CONVERT
