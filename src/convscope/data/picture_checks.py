"""Checks of image files before memory is allocated, some of which Pillow skips."""

from __future__ import annotations

import zlib

from ..errors import PictureError

MOST_PIXELS = 64 * 10**6
"""Largest image by its header. Decoding takes up to half a gigabyte."""
MIN_SIDE = 4
"""Smallest longer side; anything smaller is a tracking pixel or a mistake."""
MAX_PACKING = 1032
"""Largest compression ratio of deflate."""
AGAIN = "Copy or save it again."
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Numbers of channels by PNG colour type."""


def check_size(width: int, height: int, name: str) -> None:
    """Check the size of an image.

    Raises:
        PictureError: The image is too small or too large.
    """
    if min(width, height) < 1 or max(width, height) < MIN_SIDE:
        raise PictureError(
            f"{name} has {width:,} × {height:,} pixels, but one side needs at least {MIN_SIDE}. Pass a larger image."
        )
    if width * height > MOST_PIXELS:
        raise too_many(name, f"{width:,} × {height:,} pixels, {width * height / 1e6:,.0f} million")


def too_many(name: str, found: str) -> PictureError:
    """Return the error for an image with too many pixels."""
    return PictureError(
        f"{name} has {found}, but at most {MOST_PIXELS // 10**6} million are supported. Save the image smaller."
    )


def check_png(content: bytes, name: str) -> None:
    """Check that a PNG is complete and undamaged and has enough bytes for its pixels.

    Raises:
        PictureError: It is not, or has too many pixels.
    """
    # Pillow decodes a PNG without its end, and does not verify the checksums of pixel data.
    place, packed, promised = 8, 0, -1
    while True:
        length = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        end = place + 12 + length
        if end > len(content):
            raise _cut_off(name, len(content), "PNG")
        if zlib.crc32(content[place + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise PictureError(
                f"{name} is damaged: the checksum of its PNG chunk {kind.decode('latin-1')!r} does not match. {AGAIN}"
            )
        if kind == b"IHDR":
            promised = _png_bytes(content[place + 8 : end - 4], name)
        packed += length if kind == b"IDAT" else 0
        if kind == b"IEND":
            break
        place = end
    if not 0 <= promised <= packed * MAX_PACKING:
        raise PictureError(
            f"{name} is damaged: it holds {packed:,} bytes of pixel data, too few for the size in its PNG header. {AGAIN}"
        )


def _png_bytes(header: bytes, name: str) -> int:
    """Return the number of bytes of the pixels, without the extra bytes of interlacing."""
    if len(header) != 13 or header[9] not in PNG_CHANNELS:
        raise PictureError(f"{name} has an invalid PNG header. {AGAIN}")
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    check_size(width, height, name)
    return height * ((width * header[8] * PNG_CHANNELS[header[9]] + 7) // 8)


def check_webp(content: bytes, name: str) -> None:
    """Check that a WebP file is complete and not too large.

    Raises:
        PictureError: It is not.
    """
    # Pillow allocates the canvas on opening, so its size is checked here first.
    if 8 + int.from_bytes(content[4:8], "little") > len(content) + 1:
        raise _cut_off(name, len(content), "WebP")
    chunk, rest = content[12:16], content[20:30]
    if chunk == b"VP8X" and len(rest) == 10:
        check_size(int.from_bytes(rest[4:7], "little") + 1, int.from_bytes(rest[7:10], "little") + 1, name)
    elif chunk == b"VP8L" and len(rest) >= 5:
        bits = int.from_bytes(rest[1:5], "little")
        check_size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, name)
    elif chunk == b"VP8 " and len(rest) == 10:
        check_size(int.from_bytes(rest[6:8], "little") & 0x3FFF, int.from_bytes(rest[8:10], "little") & 0x3FFF, name)
    else:
        raise PictureError(f"{name} has an invalid WebP header. {AGAIN}")


def _cut_off(name: str, size: int, kind: str) -> PictureError:
    return PictureError(f"{name} is an incomplete {kind} file, cut off after {size:,} bytes. {AGAIN}")
