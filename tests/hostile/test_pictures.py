"""Pictures that cost time or memory.

The work is bounded by limits before the decoding, and one bad file costs no other's answer.
"""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import convscope
from convscope.cli.main import main
from convscope.data.digits.detect import detect_digits
from convscope.data.digits.mnist_style import DigitPreprocessing
from convscope.data.images.decode import decode_image
from convscope.errors import PictureError

SECONDS = 5.0
"""Far more than any of these takes; before the limits, most took minutes."""


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


SMALL = Image.new("L", (64, 64), 9)
JPEG, PNG, GIF = (encoded(SMALL, kind) for kind in ("JPEG", "PNG", "GIF"))
GIF_HEAD = 13 + 3 * 2 ** ((GIF[10] & 7) + 1)


def scans(count: int, side: int) -> bytes:
    content = encoded(Image.new("RGB", (side, side), (9, 99, 200)), "JPEG", progressive=True)
    return content[: content.rindex(b"\xff\xda")] + content[content.rindex(b"\xff\xda") : -2] * count + b"\xff\xd9"


def jpeg_with(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def png_with(extra: bytes) -> bytes:
    return PNG[:33] + extra + PNG[33:]


def gif_with(extra: bytes) -> bytes:
    return GIF[:GIF_HEAD] + extra + GIF[GIF_HEAD:]


def tiff_of(*entries: tuple[int, int, int, int], count: int | None = None, room: int = 5000) -> bytes:
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries) if count is None else count) + rows + bytes(room)


def big_tiff(count: int) -> bytes:
    return b"II+\0\x08\0\0\0" + (16).to_bytes(8, "little") + count.to_bytes(8, "little") + bytes(10_000)


def tiff(compression: int = 1, strips: int = 1, more: bytes = b"") -> bytes:
    entries = ((256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, compression), (262, 3, 1, 1),
               (273, 4, strips, 200), (277, 3, 1, 1), (278, 4, 1, 64), (279, 4, strips, 200))  # fmt: skip
    return tiff_of(*entries) + more


def packed_bmp(width: int, height: int, operations: bytes) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54 + 1024) + header + bytes(1024) + operations


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "JPEG of a thousand scans": (lambda: scans(1000, 64), "scans or more"),
    "JPEG of large scans": (lambda: scans(30, 7000), "scans or more"),
    "JPEG of tiny segments": (lambda: jpeg_with(b"\xff\xfe\0\2" * 200_000), "more than 100,000 segments"),
    "PNG of tiny chunks": (lambda: png_with(chunk(b"teXt", b"") * 200_000), "more than 100,000 chunks"),
    "GIF of tiny blocks": (lambda: gif_with(b"!\xfe" + b"\1a" * 600_000 + b"\0"), "more than 500,000 blocks"),
    "GIF of extensions": (lambda: gif_with(b"!\xf9\0" * 600_000), "more than 500,000 blocks"),
    "GIF of blocks after the frame": (lambda: GIF[:-1] + b"!\xfe" + b"\1a" * 600_000, "more than 500,000 blocks"),
    "GIF of junk": (lambda: gif_with(b"x" * 600_000), "more than 500,000 blocks"),
    "TIFF of too many tags": (lambda: tiff_of((256, 4, 1, 64), count=65_535), "65,535 TIFF tags"),
    "BigTIFF of too many tags": (lambda: big_tiff(2**40), "1,099,511,627,776 TIFF tags"),
    "TIFF whose tags claim gigabytes": (
        lambda: tiff_of(*((1000 + tag, 7, 2**31, 8) for tag in range(100))),
        "claim 214,748,364,800 bytes",
    ),
    "TIFF whose tags share bytes": (lambda: tiff_of(*((1000 + tag, 7, 4000, 8) for tag in range(900))), "900 TIFF tags"),
    "TIFF of too many strips": (lambda: tiff(strips=300_000, more=bytes(3 * 2**20)), "too many to be right"),
    "TIFF of an old compression": (lambda: tiff(6), "compression 6"),
    "TIFF that unpacks without limit": (lambda: tiff(34925), "compression 34925"),
    "TIFF of progressive JPEG": (lambda: tiff(7, more=b"\xff\xd8" + b"\xff\xda" * 1000), "progressive JPEG parts"),
    "packed BMP of tiny runs": (lambda: packed_bmp(8000, 8000, b"\1\1" * 3_000_000), "a packed BMP file"),
    "packed BMP that skips gigabytes": (lambda: packed_bmp(60_000_000, 1, b"\0\2\xff\xff" * 100), "a packed BMP file"),
    "PNM of text": (lambda: b"P3\n5000 5000\n255\n" + b"1 " * 3_000_000, "a PNM file of text"),
    "PNM of comments": (lambda: b"P2\n1000 1000\n255\n" + b"#\n" * 1_000_000, "a PNM file of text"),
    "PNM with another white": (lambda: b"P5\n8000 8000\n100\n" + bytes(8_000_000), "a PNM file with 100 for white"),
    "PNM with a long comment": (lambda: b"P5\n#" + b"a" * 5_000_000 + b"\n8 8\n255\n" + bytes(64), "invalid PNM header"),
    "PNM with many comments": (lambda: b"P5\n" + b"#\n" * 1_000_000 + b"\n8 8\n255\n" + bytes(64), "invalid PNM header"),
    "PNM of blanks": (lambda: b"P5\n" + b" " * 60_000 + b"x", "invalid PNM header"),
    "WebP that claims too much": (
        lambda: b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + bytes(9),
        "at most 64 million",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_what_costs_too_much_is_refused_before_it_is_decoded(name: str) -> None:
    make, words = REFUSED[name]
    content, started = make(), time.process_time()
    with pytest.raises(PictureError, match=words) as caught:
        decode_image(content, "it")
    assert time.process_time() - started < SECONDS
    assert str(caught.value).startswith("it ")


EXIF = b"\xff\xe1" + (65535).to_bytes(2, "big") + b"Exif\0\0" + bytes(65527)
RESOURCES = b"\xff\xed" + (65534).to_bytes(2, "big") + b"Photoshop 3.0\0" + (b"8BIM" + bytes(8)) * 5459
LEFT_OUT: dict[str, Callable[[], bytes]] = {
    "JPEG with notes of the camera again and again": lambda: jpeg_with(*[EXIF] * 300),
    "JPEG with resources of Photoshop": lambda: jpeg_with(*[RESOURCES.ljust(65536, b"\0")] * 100),
    "JPEG with junk between segments": lambda: jpeg_with(b"\xff\xe0\0\2", bytes(5_000_000)),
    "JPEG with fill bytes": lambda: jpeg_with(b"\xff" * 5_000_000),
    "JPEG with a JPEG of many scans in its notes": lambda: jpeg_with(
        b"\xff\xe1" + (2 + 6 + 60_000).to_bytes(2, "big") + b"Exif\0\0" + b"\xff\xda" * 30_000
    ),
    "PNG with profiles": lambda: png_with(chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(10**6))) * 3000),
    "PNG with texts": lambda: png_with(chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(10**6))) * 3000),
    "PNG in empty pieces": lambda: PNG[:33] + chunk(b"IDAT", b"") * 50_000 + PNG[33:],
    "GIF with a long comment": lambda: gif_with(b"!\xfe" + (b"\xff" + b"a" * 255) * 100_000 + b"\0"),
    "GIF with another frame": lambda: encoded(SMALL, "GIF", save_all=True, append_images=[Image.new("L", (64, 64), 99)]),
    "GIF with a trailing text": lambda: GIF + b"trailing",
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_not_needed_costs_nothing(name: str) -> None:
    content, started = LEFT_OUT[name](), time.process_time()
    pixels = decode_image(content, "it").pixels
    assert time.process_time() - started < SECONDS
    assert pixels.shape[:2] == (64, 64)
    assert (pixels == 9).all()


def page(draw: Callable[[ImageDraw.ImageDraw], None], side: int = 1024) -> np.ndarray:
    image = Image.new("L", (side, side), 255)
    draw(ImageDraw.Draw(image))
    return np.asarray(image)


def frames(gap: int, width: int = 2) -> np.ndarray:
    def draw(pen: ImageDraw.ImageDraw) -> None:
        for inset in range(20, 480, gap):
            pen.rectangle((inset, inset, 1023 - inset, 1023 - inset), outline=0, width=width)

    return page(draw)


def strokes(high: int, gap: int) -> np.ndarray:
    def draw(pen: ImageDraw.ImageDraw) -> None:
        for top in range(4, 1000 - high, high + gap):
            for left in range(4, 1000, 12):
                pen.line((left, top, left + 5, top + high), fill=0, width=2)

    return page(draw)


def noise(share: float) -> np.ndarray:
    ink = np.random.default_rng(0).random((1024, 1024)) < share
    ink[:8] = ink[-8:] = ink[:, :8] = ink[:, -8:] = False
    return np.where(ink, 0, 255).astype(np.uint8)


def nested_corners() -> np.ndarray:
    levels = np.full((1024, 1024), 255, np.uint8)
    for place in range(8, 950, 3):
        levels[place, place:1016] = levels[place:1016, place] = 0
    return levels


def boards(levels: int) -> np.ndarray:
    def draw(pen: ImageDraw.ImageDraw) -> None:
        for row in range(0, 1000, 125):
            for column in range(0, 1000, 125):
                for inset in range(4, 4 + 8 * levels, 8):
                    pen.rectangle((column + inset, row + inset, column + 121 - inset, row + 121 - inset), outline=0)

    return page(draw)


def in_uneven_light(image: np.ndarray) -> np.ndarray:
    return (image / 255 * np.linspace(180, 255, image.shape[1])).astype(np.uint8)


INK: dict[str, Callable[[], np.ndarray]] = {
    "thousands of strokes": lambda: strokes(12, 5),
    "a page of text": lambda: strokes(16, 6),
    "frames within frames": lambda: frames(8),
    "thick frames within frames": lambda: frames(20, 6),
    "boards within boards": lambda: boards(4),
    "corners within corners": nested_corners,
    "specks": lambda: noise(0.02),
    "grain": lambda: noise(0.3),
    "stripes": lambda: np.tile(np.array([255, 0], np.uint8), (1024, 512)),
    "strokes on a photo": lambda: in_uneven_light(strokes(12, 5)),
    "frames on a photo": lambda: in_uneven_light(frames(8)),
    "grain on a photo": lambda: in_uneven_light(noise(0.3)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", INK)
def test_digits_are_searched_in_time_that_grows_with_the_picture(name: str) -> None:
    image, started = INK[name](), time.process_time()
    found = detect_digits(image, DigitPreprocessing())
    assert time.process_time() - started < 4 * SECONDS
    assert len({each.box for each in found}) == len(found)  # each once, however many frames are around it


def test_one_hostile_file_among_others_costs_no_answer(
    digits_run: convscope.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        Image.fromarray(digits_run.dataset.test.images[number, ..., 0]).save(tmp_path / f"{number:02}.png")
    hostile = {"scans.jpg": scans(1000, 64), "tags.tif": big_tiff(2**40), "bomb.gif": gif_with(b"!\xf9\0" * 600_000),
               "empty.png": b"", "damaged.png": PNG[:60]}  # fmt: skip
    for name, content in hostile.items():
        (tmp_path / name).write_bytes(content)
    assert main(["predict", str(digits_run.folder), str(tmp_path), "--quiet", "--csv", str(tmp_path / "answers.csv")]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 30
    assert err.count("convscope: error: ") == len(hostile)
    assert all(name in err for name in hostile)
    assert len((tmp_path / "answers.csv").read_text("utf-8").splitlines()) == 36
