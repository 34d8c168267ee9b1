"""Write PNG files of drawings in half the time of Pillow, which tries five filters on every row, as suits photographs."""

import struct
import zlib

import numpy as np

from ..types import Images

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL = 3  # the next one takes 50% more time and saves 5% of the bytes
INCHES_PER_METRE = 39.3701
TRUE_COLOUR, NO_FILTER, METRES = 2, 0, 1


def png_bytes(pixels: Images, *, dots_per_inch: float, title: str) -> bytes:
    """Return ``pixels`` (h, w, 3) uint8 as a PNG file."""
    height, width, channels = pixels.shape
    rows = np.empty((height, 1 + width * channels), np.uint8)
    rows[:, 0] = NO_FILTER
    rows[:, 1:] = pixels.reshape(height, -1)
    density = round(dots_per_inch * INCHES_PER_METRE)
    return SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, TRUE_COLOUR, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", density, density, METRES)),
            _chunk(b"iTXt", b"Title\0\0\0\0\0" + title.encode()),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
