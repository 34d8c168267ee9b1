"""What a picture file must satisfy before any memory is spent on its pixels, and what Pillow lets pass."""

from __future__ import annotations

import zlib

from ..errors import PictureError

MOST_PIXELS = 64 * 10**6
"""Up to half a gigabyte while such a picture is decoded. Larger ones are refused by what their header says."""
LEAST_SIDE = 4
"""A picture with no side of at least so many pixels is a tracking dot, or a mistake."""
MOST_PACKING = 1032
"""Deflate makes at most so many bytes out of one."""
AGAIN = "Copy or save it again."
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By the colour type in a PNG's header."""


def check_size(width: int, height: int, name: str) -> None:
    """Raise :class:`PictureError` for more pixels than are decoded, or none."""
    if min(width, height) < 1 or max(width, height) < LEAST_SIDE:
        raise PictureError(
            f"{name} has {width:,} × {height:,} pixels; a side of at least {LEAST_SIDE} was expected. Pass a larger picture."
        )
    if width * height > MOST_PIXELS:
        raise too_many(name, f"{width:,} × {height:,} pixels, {width * height / 1e6:,.0f} million")


def too_many(name: str, found: str) -> PictureError:
    """The sentence for a picture of more pixels than are decoded."""
    return PictureError(
        f"{name} has {found}; at most {MOST_PIXELS // 10**6} million were expected. Save the picture smaller."
    )


def check_png(content: bytes, name: str) -> None:
    """Raise :class:`PictureError` for a PNG that is cut off anywhere, damaged, or has too few bytes for its pixels.

    Pillow shows a PNG without its end, and does not look at the checksums of the pixels.
    """
    place, packed, promised = 8, 0, -1
    while True:
        length = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        end = place + 12 + length
        if end > len(content):
            raise _cut_off(name, len(content), "PNG")
        if zlib.crc32(content[place + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise PictureError(
                f"{name} is damaged: the checksum of its part {kind.decode('latin-1')!r} is wrong; "
                f"an undamaged PNG was expected. {AGAIN}"
            )
        if kind == b"IHDR":
            promised = _png_bytes(content[place + 8 : end - 4], name)
        packed += length if kind == b"IDAT" else 0
        if kind == b"IEND":
            break
        place = end
    if not 0 <= promised <= packed * MOST_PACKING:
        raise PictureError(
            f"{name} holds {packed:,} bytes of pixels, too few for what its header promises; "
            f"an undamaged PNG was expected. {AGAIN}"
        )


def _png_bytes(header: bytes, name: str) -> int:
    """How many bytes the pixels take, without what an interlaced picture needs on top."""
    if len(header) != 13 or header[9] not in PNG_CHANNELS:
        raise PictureError(f"{name} has no proper header; an undamaged PNG was expected. {AGAIN}")
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    check_size(width, height, name)
    return height * ((width * header[8] * PNG_CHANNELS[header[9]] + 7) // 8)


def check_webp(content: bytes, name: str) -> None:
    """Raise :class:`PictureError` for a WebP that is cut off, or whose canvas, which is made on opening, is too large."""
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
        raise PictureError(f"{name} has no proper header; an undamaged WebP was expected. {AGAIN}")


def _cut_off(name: str, size: int, kind: str) -> PictureError:
    return PictureError(f"{name} is cut off after {size:,} bytes; a whole {kind} was expected. {AGAIN}")
