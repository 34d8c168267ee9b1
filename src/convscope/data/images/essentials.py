"""The parts of an image file that decoding needs: the rest costs time or memory that whoever made the file may choose.

Pillow reads comments, profiles and notes of the camera in plain Python, some of them in time that grows with their square, and
decodes a progressive JPEG once per scan. So JPEG, PNG and GIF files are reduced to the parts that make up the (first) picture, in
one pass over their headers; files of other formats are refused beyond limits that no camera, scanner or program comes near.
"""

import re
import zlib
from collections.abc import Callable, Iterator

from ...errors import PictureError
from .formats import AGAIN, BMP, GIF, JPEG, MAX_PACKING, PNG, PNM, TIFF, WEBP, ImageFormat, check_size

MAX_PARTS = 100_000
"""Segments of a JPEG file or chunks of a PNG file; of the usual size, this would be gigabytes."""
MAX_BLOCKS = 500_000
"""Blocks of a GIF file; of the usual size, this is more than the largest file."""
MAX_SCANS, MAX_SCANNED = 100, 2**30
"""Scans of a progressive JPEG, of which programs write about ten, and their pixels altogether: those of 16 scans of the largest
image."""
MAX_IN_PYTHON = 4 * 2**20
"""Bytes of files whose pixels Pillow decodes in Python: text, packed BMP, and 8-bit PNM with another white than 255."""
MAX_HEADER = 2**16
"""Bytes before the pixels of a PNM file."""
MAX_TAGS, MAX_STRIPS = 1000, 2**18
"""Tags of a TIFF file, and numbers in all of them: single rows or small tiles of the largest image."""
COMPRESSIONS = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50000})
"""None, fax, LZW, JPEG, deflate, PackBits, Zstandard. Others are old, or need memory without a limit."""
COMPRESSION, TIFF_JPEG = 259, 7
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes by type of a TIFF tag."""
TEXTS = frozenset({1, 2, 6, 7})

MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
SOI, EOI, SOS, APP0, EXIF, ADOBE, COMMENT = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE, 0xFE
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that carry the size."""
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Numbers of channels by PNG colour type."""
PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"acTL"})


def essentials(kind: ImageFormat, content: bytes, name: str) -> tuple[bytes, bool | None]:
    """Return what is needed to decode an image file, and whether it is animated, if that is lost; PictureError beyond limits."""
    reduce = REDUCERS.get(kind)
    return (content, None) if reduce is None else reduce(content, name)


def _jpeg(content: bytes, name: str) -> tuple[bytes, bool | None]:
    kept, position, scans, pixels, has_exif = [content[:2]], 2, 0, 0, False
    for _ in range(MAX_PARTS):
        found = MARKER.search(content, position)
        if found is None:
            break
        if scans:
            kept.append(content[position : found.start()])
        marker, start = found[1][0], found.end()
        if marker == EOI:
            return b"".join([*kept, b"\xff\xd9"]), None
        position = start if marker in (1, SOI) else start + int.from_bytes(content[start : start + 2], "big")
        segment = content[found.end() - 2 : position]
        if marker in FRAMES:
            pixels = max(pixels, int.from_bytes(segment[5:7], "big") * int.from_bytes(segment[7:9], "big"))
        scans += marker == SOS
        if scans > MAX_SCANS or scans * pixels > max(MAX_SCANNED, pixels):
            raise PictureError(
                f"{name} has {scans} scans or more of {pixels:,} pixels. Save it again, as a JPEG without them."
            )
        is_exif = marker == EXIF and not has_exif and segment[4:8] == b"Exif"
        has_exif |= is_exif
        if is_exif or marker < EXIF or marker == ADOBE:
            kept.append(segment)
    else:
        raise _too_many_parts(name, MAX_PARTS, "segments")
    return b"".join(kept), None  # cut off, as decoding finds


def _png(content: bytes, name: str) -> tuple[bytes, bool | None]:
    """Check that a PNG is complete and undamaged and has enough bytes for its pixels."""
    # Pillow decodes a PNG without its end, and does not verify the checksums of pixel data.
    kept: dict[bytes, bytes] = {}
    packed: list[bytes] = []
    offset = 8
    for _ in range(MAX_PARTS):
        length, kind = int.from_bytes(content[offset : offset + 4], "big"), content[offset + 4 : offset + 8]
        end = offset + 12 + length
        if end > len(content):
            raise cut_off(name, len(content), "PNG")
        if zlib.crc32(content[offset + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise PictureError(
                f"{name} is damaged: the checksum of its PNG chunk {kind.decode('latin-1')!r} does not match. {AGAIN}"
            )
        if kind == b"IDAT":
            packed.append(content[offset + 8 : end - 4])
        elif kind in PNG_KEPT:
            kept.setdefault(kind, content[offset:end])
        elif kind == b"IEND":
            break
        offset = end
    else:
        raise _too_many_parts(name, MAX_PARTS, "chunks")
    num_packed, declared = sum(map(len, packed)), _png_bytes(kept.get(b"IHDR", b"")[8:-4], name)
    if declared > num_packed * MAX_PACKING:
        raise PictureError(
            f"{name} is damaged: it holds {num_packed:,} bytes of pixel data, too few for the size in its PNG header. {AGAIN}"
        )
    pixels = b"IDAT" + b"".join(packed)
    joined = [num_packed.to_bytes(4, "big"), pixels, zlib.crc32(pixels).to_bytes(4, "big"), content[offset:end]]
    return b"".join([content[:8], *kept.values(), *joined]), None


def _png_bytes(header: bytes, name: str) -> int:
    """Return the number of bytes of the pixels, without the extra bytes of interlacing."""
    if len(header) != 13 or header[9] not in PNG_CHANNELS:
        raise PictureError(f"{name} has an invalid PNG header. {AGAIN}")
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    check_size(width, height, name)
    return height * ((width * header[8] * PNG_CHANNELS[header[9]] + 7) // 8)


def _gif(content: bytes, name: str) -> tuple[bytes, bool | None]:
    """Return a GIF with its first frame alone, and whether another one follows."""
    position, control, first = 13 + _table(content, 10), b"", b""
    head = content[:position]
    for place in _gif_blocks(content, position, name):
        start, end = place
        kind = content[start : start + 1]
        if kind == b"," and first:
            return head + control + first + b";", True
        if kind == b",":
            first = content[start:end]
        elif not first and content[start + 1 : start + 2] == b"\xf9":
            control = content[start:end]
    is_whole = content[-1:] == b";" or first[-1:] == b"\0"
    return head + control + first + b";" * is_whole, False


def _gif_blocks(content: bytes, position: int, name: str) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each extension and frame."""
    parts = 0
    while position < len(content) and content[position] != ord(";"):
        start, kind = position, content[position]
        if kind == ord(","):
            position += 11 + _table(content, position + 9)
        elif kind == ord("!"):
            position += 2
        else:
            position += 1
        while kind in b",!" and position < len(content) and content[position]:
            position += 1 + content[position]
            parts += 1
            if parts > MAX_BLOCKS:
                break
        parts += 1
        if parts > MAX_BLOCKS:
            raise _too_many_parts(name, MAX_BLOCKS, "blocks")
        if kind in b",!":
            position += 1
            yield start, position


def _table(content: bytes, place: int) -> int:
    """Return the length of the colour table that the flags at ``place`` announce."""
    flags = content[place] if place < len(content) else 0
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(content: bytes, name: str) -> tuple[bytes, bool | None]:
    """Check that a WebP file is complete and not too large."""
    # Pillow allocates the canvas on opening, so its size is checked here first.
    if 8 + int.from_bytes(content[4:8], "little") > len(content) + 1:
        raise cut_off(name, len(content), "WebP")
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
    return content, None


def _bmp(content: bytes, name: str) -> tuple[bytes, bool | None]:
    is_packed = int.from_bytes(content[14:18], "little") >= 40 and content[30:31] in b"\1\2"
    width, height = (abs(int.from_bytes(content[place : place + 4], "little", signed=True)) for place in (18, 22))
    # A packed BMP may skip 255 rows with four bytes.
    if is_packed and (len(content) > MAX_IN_PYTHON or width > 2**14 or width * height > 4 * MAX_IN_PYTHON):
        raise _too_large_in_python(name, "a packed BMP file")
    return content, None


def _pnm(content: bytes, name: str) -> tuple[bytes, bool | None]:
    header = re.match(rb"P([1-6])(?:(?:\s|#[^\r\n]*[\r\n])++(\d+)){2,3}", content[:MAX_HEADER])
    if header is None:
        raise PictureError(f"{name} has an invalid PNM header. {AGAIN}")
    kind = int(header[1])
    if kind < 4 and (len(content) > MAX_IN_PYTHON or content.count(b"#") > MAX_TAGS):
        raise _too_large_in_python(name, "a PNM file of text")
    if kind > 4 and header[2] not in (b"255", b"65535") and len(content) > MAX_IN_PYTHON:
        raise _too_large_in_python(name, f"a PNM file with {header[2].decode()[:10]} for white")
    return content, None


def _tiff(content: bytes, name: str) -> tuple[bytes, bool | None]:
    """Check the tags of the first image, each of which Pillow copies and lists."""

    def number(start: int, length: int) -> int:
        return int.from_bytes(content[start : start + length], "little" if content[:2] == b"II" else "big")

    is_big = 43 in content[2:4]
    start = number(8, 8) if is_big else number(4, 4)
    width, entry, value = (8, 20, 8) if is_big else (2, 12, 4)
    count = number(start, width)
    numbers = total = strips = 0
    compressions = set()
    for place in range(start + width, start + width + entry * min(count, MAX_TAGS + 1), entry):
        tag, kind, many = number(place, 2), number(place + 2, 2), number(place + 4, value)
        total += many * SIZES.get(kind, 0)
        numbers += 0 if kind in TEXTS else many
        strips = many if tag in (273, 324) else strips
        if tag == COMPRESSION:
            compressions.add(number(place + 4 + value, 2 if kind == 3 else value))
    if count > MAX_TAGS or numbers > 4 * MAX_STRIPS or strips > MAX_STRIPS or total > len(content):
        raise PictureError(f"{name} has {count:,} TIFF tags that claim {total:,} bytes, too many to be right. {AGAIN}")
    if unread := compressions - COMPRESSIONS:
        raise PictureError(f"{name} is a TIFF file with compression {min(unread)}, which is not read. Save it as PNG.")
    if TIFF_JPEG in compressions and content.count(b"\xff\xda") > 2 * content.count(b"\xff\xd8") + MAX_SCANS // 10:
        raise PictureError(f"{name} is a TIFF file of progressive JPEG parts, which is not read. Save it as PNG.")
    return content, None


def _too_many_parts(name: str, most: int, what: str) -> PictureError:
    return PictureError(f"{name} consists of more than {most:,} {what}. Save it again, with another program.")


def _too_large_in_python(name: str, what: str) -> PictureError:
    return PictureError(f"{name} is {what}, of which at most {MAX_IN_PYTHON // 2**20} MB are supported. Save it as PNG.")


def cut_off(name: str, size: int, kind: str) -> PictureError:
    """Return the error for a file that ends early."""
    return PictureError(f"{name} is an incomplete {kind} file, cut off after {size:,} bytes. {AGAIN}")


Reducer = Callable[[bytes, str], "tuple[bytes, bool | None]"]
REDUCERS: dict[ImageFormat, Reducer] = {
    JPEG: _jpeg, PNG: _png, GIF: _gif, WEBP: _webp, BMP: _bmp, PNM: _pnm, TIFF: _tiff,
}  # fmt: skip
