"""One image in forty encodings, other files, and incomplete ones."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import threading
import time
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, features
from PIL.TiffImagePlugin import TiffImageFile

from convscope.data.images.decode import MAX_SIDE, apply_exif_orientation, decode_image, exif_orientation, from_pillow
from convscope.data.images.formats import MAX_PIXELS, check_size
from convscope.data.images.resample import to_grey
from convscope.errors import PictureError
from convscope.system.installation import pip_line

TURNS = Image.Transpose
STORED = {
    2: TURNS.FLIP_LEFT_RIGHT,
    3: TURNS.ROTATE_180,
    4: TURNS.FLIP_TOP_BOTTOM,
    5: TURNS.TRANSPOSE,
    6: TURNS.ROTATE_90,
    7: TURNS.TRANSVERSE,
    8: TURNS.ROTATE_270,
}
"""How an upright image is stored under each EXIF orientation."""


def grey_image() -> Image.Image:
    """80 × 64, blocks of 16 × 16: JPEG keeps them, as its own blocks are 8 × 8, and so does halving the colours."""
    levels = np.random.default_rng(3).integers(0, 256, (4, 5)).astype(np.uint8)
    levels[1, 1] = 255
    return Image.fromarray(np.kron(levels, np.ones((16, 16), np.uint8)))


GREY = grey_image()
RGB = GREY.convert("RGB")
PALETTE = RGB.quantize(64)
SIXTEEN = Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def held(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def raw_png(
    width: int, height: int, bits: int, colours: int, rows: bytes, *others: bytes, interlaced: bool = False
) -> bytes:
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, colours, 0, 0, interlaced])
    body = b"".join([chunk(b"IHDR", header), *others, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")])
    return b"\x89PNG\r\n\x1a\n" + body


def sixteen_bit_rgb(alpha: bool) -> bytes:
    levels = np.asarray(SIXTEEN)
    channels = [levels] * 3 + [np.full_like(levels, 65535)] * alpha
    rows = np.stack(channels, axis=-1).astype(">u2").reshape(len(levels), -1)
    return raw_png(80, 64, 16, 6 if alpha else 2, b"".join(b"\0" + row.tobytes() for row in rows))


def interlaced_png() -> bytes:
    """Adam7, which Pillow reads and does not write: seven passes of (row, column, rows apart, columns apart)."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    levels = np.asarray(GREY)
    rows = (b"\0" + row.tobytes() for top, left, down, right in passes for row in levels[top::down, left::right])
    return raw_png(80, 64, 8, 0, b"".join(rows), interlaced=True)


def on_nothing(image: Image.Image) -> Image.Image:
    """``image`` where it is dark, transparent where it is white."""
    see_through = image.convert("RGBA")
    see_through.putalpha(Image.fromarray(np.where(np.asarray(GREY) == 255, 0, 255).astype(np.uint8)))
    return see_through


def packed(indices: np.ndarray, bits: int, colours: int, *others: bytes) -> bytes:
    """A PNG of ``indices`` (h, w), several in a byte."""
    shifts = np.arange(8 - bits, -1, -bits)
    rows = (indices.reshape(len(indices), -1, 8 // bits) << shifts).sum(axis=2).astype(np.uint8)
    return raw_png(indices.shape[1], len(indices), bits, colours, b"".join(b"\0" + row.tobytes() for row in rows), *others)


def sixteen_bit_grey_with_opacity() -> bytes:
    rows = np.stack([np.asarray(SIXTEEN), np.full((64, 80), 65535)], axis=-1).astype(">u2").reshape(64, -1)
    return raw_png(80, 64, 16, 4, b"".join(b"\0" + row.tobytes() for row in rows))


def ycck() -> bytes:
    """As Adobe's programs write it, and Pillow does not: what is written as CMYK is luma, chroma and black, and says so."""
    planes = [GREY, *[Image.new("L", GREY.size, 127)] * 2, Image.new("L", GREY.size, 0)]
    content = bytearray(encoded(Image.merge("CMYK", planes), "JPEG", quality=100))
    content[content.index(b"Adobe") + 11] = 2
    return bytes(content)


ENCODINGS: dict[str, Callable[[], bytes]] = {
    "PNG grey": lambda: encoded(GREY, "PNG"),
    "PNG grey, interlaced": lambda: interlaced_png(),
    "PNG 16-bit grey": lambda: encoded(SIXTEEN, "PNG"),
    "PNG 16-bit grey with opacity": lambda: sixteen_bit_grey_with_opacity(),
    "PNG 16-bit RGB": lambda: sixteen_bit_rgb(alpha=False),
    "PNG 16-bit RGBA": lambda: sixteen_bit_rgb(alpha=True),
    "PNG RGB": lambda: encoded(RGB, "PNG"),
    "PNG RGBA": lambda: encoded(RGB.convert("RGBA"), "PNG"),
    "PNG transparent on white": lambda: encoded(on_nothing(GREY), "PNG"),
    "PNG grey with opacity": lambda: encoded(GREY.convert("LA"), "PNG"),
    "PNG palette": lambda: encoded(PALETTE, "PNG"),
    "PNG palette with opacity": lambda: encoded(PALETTE, "PNG", transparency=PALETTE.getpixel((20, 20))),
    "PNG grey with a transparent level": lambda: encoded(GREY, "PNG", transparency=255),
    "PNG 16-bit grey with a transparent level": lambda: raw_png(
        80, 64, 16, 0, b"".join(b"\0" + row.astype(">u2").tobytes() for row in np.asarray(SIXTEEN)),
        chunk(b"tRNS", (65535).to_bytes(2, "big")),
    ),
    "PNG animated": lambda: encoded(RGB, "PNG", save_all=True, append_images=[RGB.rotate(180)]),
    "JPEG grey": lambda: encoded(GREY, "JPEG", quality=100),
    "JPEG RGB": lambda: encoded(RGB, "JPEG", quality=100),
    "JPEG RGB, colours not halved": lambda: encoded(RGB, "JPEG", quality=100, subsampling=0),
    "JPEG progressive": lambda: encoded(RGB, "JPEG", quality=100, progressive=True),
    "JPEG CMYK": lambda: encoded(RGB.convert("CMYK"), "JPEG", quality=100),
    "JPEG YCCK": lambda: ycck(),
    "GIF": lambda: encoded(GREY, "GIF"),
    "GIF interlaced": lambda: encoded(GREY, "GIF", interlace=1),
    "GIF animated": lambda: encoded(GREY, "GIF", save_all=True, append_images=[GREY.rotate(180)]),
    "WebP": lambda: encoded(RGB, "WEBP", lossless=True),
    "WebP with opacity": lambda: encoded(on_nothing(GREY), "WEBP", lossless=True, exact=True),
    "WebP animated": lambda: encoded(RGB, "WEBP", lossless=True, save_all=True, append_images=[RGB.rotate(180)]),
    "BMP grey": lambda: encoded(GREY, "BMP"),
    "BMP RGB": lambda: encoded(RGB, "BMP"),
    "BMP palette": lambda: encoded(PALETTE, "BMP"),
    "TIFF grey": lambda: encoded(GREY, "TIFF"),
    "TIFF RGB, LZW": lambda: encoded(RGB, "TIFF", compression="tiff_lzw"),
    "TIFF RGB, deflated": lambda: encoded(RGB, "TIFF", compression="tiff_deflate"),
    "TIFF 16-bit": lambda: encoded(SIXTEEN, "TIFF"),
    "TIFF CMYK": lambda: encoded(RGB.convert("CMYK"), "TIFF"),
    "TIFF YCbCr": lambda: encoded(RGB.convert("YCbCr"), "TIFF", compression="tiff_lzw"),  # Pillow 13 reads any
    "TIFF of shares": lambda: encoded(Image.fromarray((np.asarray(GREY) / 255).astype(np.float32)), "TIFF"),
    "TIFF of two pages": lambda: encoded(GREY, "TIFF", save_all=True, append_images=[GREY.rotate(180)]),
    **{f"JPEG held as {turn}": lambda turn=turn: encoded(GREY.transpose(STORED[turn]), "JPEG", quality=100, exif=held(turn))
       for turn in STORED},
    **{f"PNG held as {turn}": lambda turn=turn: encoded(RGB.transpose(STORED[turn]), "PNG", exif=held(turn))
       for turn in (3, 6, 8)},
    **{f"TIFF held as {turn}": lambda turn=turn: encoded(RGB.transpose(STORED[turn]), "TIFF", exif=held(turn))
       for turn in (5, 6)},
    "WebP held as 6": lambda: encoded(RGB.transpose(STORED[6]), "WEBP", lossless=True, exif=held(6)),
}  # fmt: skip


def as_grey(pixels: np.ndarray) -> np.ndarray:
    return (pixels[..., 0] if pixels.shape[2] == 1 else to_grey(pixels)).astype(int)


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_same_image_comes_out_of_forty_encodings_within_one_grey_level(name: str) -> None:
    assert len(ENCODINGS) >= 40
    pixels = decode_image(ENCODINGS[name](), "it").pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape in ((64, 80, 1), (64, 80, 3))
    assert np.abs(as_grey(pixels) - np.asarray(GREY).astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {}), ("JPEG", {"quality": 100})]
)
def test_colours_come_out_as_they_went_in(kind: str, options: dict[str, Any]) -> None:
    blocks = np.random.default_rng(4).integers(0, 256, (3, 4, 3)).astype(np.uint8)
    colours = np.kron(blocks, np.ones((16, 16, 1), np.uint8))
    if kind == "JPEG":
        options = {**options, "subsampling": 0}
    pixels = decode_image(encoded(Image.fromarray(colours), kind, **options), "it").pixels
    assert np.abs(pixels.astype(int) - colours).max() <= (1 if kind == "JPEG" else 0)


def test_one_bit_and_half_opacity_are_what_they_look_like() -> None:
    checks = Image.fromarray(np.indices((8, 8)).sum(axis=0) % 2 == 0)
    for kind in ("PNG", "TIFF", "BMP"):
        assert np.array_equal(decode_image(encoded(checks, kind), "it").pixels[..., 0], np.asarray(checks) * 255)
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert (decode_image(encoded(half, "PNG"), "it").pixels == 127).all()


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_fewer_bits_than_eight_are_levels_or_places_in_a_palette(bits: int) -> None:
    indices = np.random.default_rng(8).integers(0, 2**bits, (9, 16))
    grey = decode_image(packed(indices, bits, 0), "it").pixels
    assert np.array_equal(grey[..., 0], indices * (255 // (2**bits - 1)))
    palette = np.random.default_rng(9).integers(0, 256, (2**bits, 3)).astype(np.uint8)
    pixels = decode_image(packed(indices, bits, 3, chunk(b"PLTE", palette.tobytes())), "it").pixels
    assert np.array_equal(pixels, palette[indices])


def test_a_fully_transparent_image_has_a_note() -> None:
    decoded = decode_image(encoded(Image.new("RGBA", (8, 8), (9, 9, 9, 0)), "PNG"), "it")
    assert decoded.steps == ("fully transparent, so all white",)
    assert (decoded.pixels == 255).all()


def test_conversions_are_named_as_steps() -> None:
    def steps(name: str) -> tuple[str, ...]:
        return decode_image(ENCODINGS[name](), "it").steps

    assert steps("PNG grey") == steps("PNG RGBA") == steps("JPEG RGB") == ()
    assert steps("PNG 16-bit grey") == ("reduced values from 16 to 8 bits",)
    assert steps("GIF animated") == steps("WebP animated") == steps("TIFF of two pages") == ("used the first frame",)
    assert steps("JPEG held as 6") == steps("TIFF held as 6") == ("rotated upright",)
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert decode_image(encoded(half, "PNG"), "it").steps == ("composited on white",)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_image_becomes_the_means_of_squares(kind: str) -> None:
    levels = np.random.default_rng(5).integers(0, 256, (10, 30)).astype(np.uint8)
    large = np.kron(levels, np.ones((200, 200), np.uint8))  # 2,000 × 6,000: a third of it
    decoded = decode_image(encoded(Image.fromarray(large), kind), "it")
    assert decoded.pixels.shape[:2] == (667, 2000) if kind == "PNG" else max(decoded.pixels.shape) <= MAX_SIDE
    assert decoded.steps == ("downscaled from 2000 × 6000",)
    rows = (np.arange(10) * 200 + 100) * decoded.pixels.shape[0] // 2000
    columns = (np.arange(30) * 200 + 100) * decoded.pixels.shape[1] // 6000
    assert np.abs(decoded.pixels[np.ix_(rows, columns)][..., 0].astype(int) - levels).max() <= (0 if kind == "PNG" else 2)


def tiff(width: int, height: int) -> bytes:
    entries = ((256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
               (278, 4, height), (279, 4, 100))  # fmt: skip
    rows = b"".join(tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little") + value.to_bytes(4, "little")
                    for tag, kind, value in entries)  # fmt: skip
    return b"II*\0" + (8).to_bytes(4, "little") + len(entries).to_bytes(2, "little") + rows + bytes(104)


def patched(content: bytes, place: int, new: bytes) -> bytes:
    return content[:place] + new + content[place + len(new) :]


def jpeg(width: int, height: int) -> bytes:
    content = encoded(RGB, "JPEG")
    place = content.index(b"\xff\xc0")
    return patched(content, place + 5, height.to_bytes(2, "big") + width.to_bytes(2, "big"))


def webp(width: int, height: int) -> bytes:
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + canvas
    return b"RIFF" + len(body).to_bytes(4, "little") + body


LIES = {
    "PNG": lambda: raw_png(100_000, 100_000, 8, 2, b"\0" * 1000),
    "JPEG": lambda: jpeg(65_000, 65_000),
    "GIF": lambda: patched(encoded(GREY, "GIF"), 6, b"\xff\xff\xff\xff"),
    "GIF's first frame": lambda: _gif_frame(65_000),
    "WebP": lambda: webp(16_383, 16_383),
    "BMP": lambda: patched(encoded(RGB, "BMP"), 18, (100_000).to_bytes(4, "little") * 2),
    "TIFF": lambda: tiff(100_000, 100_000),
}


def _gif_frame(side: int) -> bytes:
    content = encoded(GREY, "GIF")
    place = content.index(b"\x2c", 13 + 3 * 2 ** ((content[10] & 7) + 1))
    return patched(content, place + 5, side.to_bytes(2, "little") * 2)


@pytest.mark.parametrize("name", LIES)
def test_too_many_pixels_are_refused_by_the_header_in_no_time(name: str) -> None:
    started = time.process_time()
    with pytest.raises(PictureError, match=r"^it has .* pixels.*at most 64 million"):
        decode_image(LIES[name](), "it")
    assert time.process_time() - started < 1  # takes a hundredth of that on an idle machine


def test_a_header_that_promises_more_than_its_bytes_can_hold_is_refused() -> None:
    with pytest.raises(PictureError, match="12 bytes of pixel data"):
        decode_image(raw_png(8000, 8000, 8, 2, b"\0" * 4), "it")
    assert MAX_PIXELS == 8000 * 8000  # and it is not its size that it is refused for


def photo(kind: str, image: Image.Image, **options: Any) -> bytes:
    """The file that a phone would write."""
    if kind == "AVIF":
        if "avif" not in features.get_supported():  # older Pillows warn of a feature that they do not know
            pytest.skip("this Pillow has no AVIF")
        return encoded(image, "AVIF", **options)
    heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    heif.from_pillow(image).save(file, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_photos_of_phones_are_read_where_a_decoder_is_installed(kind: str) -> None:
    found = decode_image(photo(kind, RGB, quality=100), "it").pixels
    assert found.shape == (64, 80, 3)
    assert np.abs(found.astype(int) - np.asarray(RGB)).mean() < 4
    turned = decode_image(photo(kind, RGB.transpose(STORED[6]), quality=100, exif=held(6).tobytes()), "it")
    assert turned.pixels.shape == (64, 80, 3)
    assert np.abs(turned.pixels.astype(int) - np.asarray(RGB)).mean() < 4
    cut = photo(kind, RGB)
    for length in range(12, len(cut) - 1, len(cut) // 20):
        with pytest.raises(PictureError, match=r"^it .*\. .*\.$"):
            decode_image(cut[:length], "it")


@pytest.mark.parametrize(
    ("brands", "words"),
    [
        (b"heic\0\0\0\0mif1heic", f"a HEIC photo, .*pillow-heif. Install it with: {re.escape(pip_line('heif'))}"),
        (b"heix\0\0\0\0", "a HEIC photo"),
        (b"mif1\0\0\0\0mif1heic", "a HEIC photo"),
        (b"avif\0\0\0\0avifmif1", r"an AVIF photo, which needs Pillow 11\.3"),
        (b"mif1\0\0\0\0mif1avif", "an AVIF photo"),
    ],
)
def test_without_a_decoder_the_remedy_is_said(brands: bytes, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    with pytest.raises(PictureError, match=words):
        decode_image((8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands + bytes(100), "it")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (encoded(GREY, "PPM"), GREY),
        (encoded(RGB, "PPM"), RGB),
        (encoded(SIXTEEN, "PPM"), GREY),
        (
            encoded(GREY.point(lambda level: 255 * (level > 99)).convert("1"), "PPM"),
            GREY.point(lambda level: 255 * (level > 99)),
        ),
        (f"P2\n# text\n80 64\n255\n{' '.join(map(str, np.asarray(GREY).ravel()))}\n".encode(), GREY),
    ],
    ids=["P5", "P6", "16 bits", "P4", "P2"],
)
def test_portable_maps_are_read(content: bytes, expected: Image.Image) -> None:
    """As those of the ORL faces and of GTSRB."""
    assert np.array_equal(decode_image(content, "it").pixels.squeeze(), np.asarray(expected))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_a_file_that_is_cut_off_anywhere_is_refused(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(6).integers(0, 256, (40, 40)).astype(np.uint8))
    content = encoded(noise, kind)
    last = 2 if kind == "JPEG" else 1  # without its last marker alone, a JPEG has all its pixels
    for length in [*range(0, len(content) - last, max(1, len(content) // 40)), len(content) - last - 1]:
        if kind == "GIF" and length >= len(content) - 4:
            continue  # likewise
        with pytest.raises(PictureError, match=r"^it .*\. .*\.$"):
            decode_image(content[:length], "it")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["is empty"]),
        (bytes(1000), ["zero bytes only"]),
        (b"hello, I am a text", ["unknown format", "hello"]),
        (b"\0\0\0\x18ftypisom" + bytes(100), ["unknown format", "Convert it to PNG or JPEG"]),
        (b"\0\0\0\x0cjP  ", ["a JPEG 2000 file"]),
        (b"\xef\xbb\xbf <!DOCTYPE html><html>", ["an HTML page", "Download the file itself"]),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ["an SVG drawing"]),
        (b"%PDF-1.7", ["a PDF file"]),
        (b"%!PS-Adobe-3.0 EPSF-3.0", ["a PostScript file"]),
        (b"\x93NUMPY\x01\0", ["a NumPy array", "pass the array"]),
        (b"PK\x03\x04", ["a zip archive"]),
        (encoded(Image.new("LAB", (8, 8)), "TIFF"), ["LAB colours"]),
        (encoded(Image.new("I", (8, 8)), "TIFF"), ["32-bit integers"]),
        (encoded(Image.new("F", (8, 8), 3.5), "TIFF"), ["floats from 3.5 to 3.5"]),
        (encoded(Image.new("L", (1, 1)), "PNG"), ["1 × 1 pixels", "at least 4"]),
        (patched(encoded(GREY, "PNG"), 60, b"\x55\xaa"), ["is damaged", "'IDAT'"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_other_files_are_named_by_their_kind(content: bytes, words: list[str]) -> None:
    with pytest.raises(PictureError) as caught:
        decode_image(content, "'it.png'")
    assert str(caught.value).startswith("'it.png' ")
    for word in words:
        assert word in str(caught.value)


def test_text_that_unpacks_to_gigabytes_is_not_looked_at() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80 * 2**20)))
    assert not decode_image(raw_png(8, 8, 8, 0, bytes(72), bomb), "it").pixels.any()


def test_notes_of_the_camera_that_make_no_sense_are_left_alone() -> None:
    for exif in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", held(9).tobytes()):
        decoded = decode_image(encoded(GREY, "JPEG", quality=100, exif=exif), "it")
        assert decoded.steps == ()
        assert np.abs(decoded.pixels[..., 0].astype(int) - np.asarray(GREY)).max() <= 1


def test_damage_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(encoded(RGB, "TIFF", compression="tiff_deflate"))
    content[20:60] = b"\x55" * 40
    for _ in range(2):
        with pytest.raises(PictureError):
            decode_image(bytes(content), "it")
    with pytest.raises(PictureError):
        decode_image(patched(tiff(8, 8), 8 + 2 + 12 * 6 + 8, (9000).to_bytes(4, "little")), "it")
    assert capfd.readouterr() == ("", "")


def test_pillows_images_are_taken_as_they_are_shown() -> None:
    assert np.array_equal(from_pillow(GREY, "it").pixels[..., 0], np.asarray(GREY))
    stored = encoded(GREY.transpose(STORED[6]), "PNG", exif=held(6))
    assert from_pillow(Image.open(io.BytesIO(stored)), "it").pixels.shape == (64, 80, 1)
    turned = Image.open(io.BytesIO(stored)).transpose(TURNS.ROTATE_270)  # by its owner; the note of the camera stays in it
    assert np.array_equal(from_pillow(turned, "it").pixels[..., 0], np.asarray(GREY))
    animation = Image.open(io.BytesIO(ENCODINGS["GIF animated"]()))
    animation.seek(1)
    assert np.array_equal(as_grey(from_pillow(animation, "it").pixels), np.asarray(GREY.rotate(180)))
    with pytest.raises(PictureError, match="it .*PNG"):
        from_pillow(Image.open(io.BytesIO(encoded(GREY, "PNG")[:60])), "it")


SEEDS = [make() for name, make in ENCODINGS.items() if "held" not in name or "JPEG" in name]


def with_checksums(content: bytes) -> bytes:
    """A PNG with its checksums made right again, so that its damage reaches the decoder."""
    place, parts = 8, [content[:8]]
    while content.startswith(b"\x89PNG") and place + 12 <= len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        if end > len(content):
            break
        parts += [content[place : end - 4], zlib.crc32(content[place + 4 : end - 4]).to_bytes(4, "big")]
        place = end
    return b"".join(parts) + content[place:] if len(parts) > 1 else content


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=0, max_size=6), st.integers(0, 8)), max_size=6),
    st.booleans(),
)
@example(SEEDS[0], [], False)
def test_mutated_files_end_in_an_image_or_in_one_sentence(
    content: bytes, changes: list[tuple[float, bytes, int]], mended: bool
) -> None:
    for place, new, replaced in changes:
        start = int(place * len(content))
        content = content[:start] + new + content[start + replaced :]
    started, sentence = time.process_time(), "it is an image. Use it."
    try:
        pixels = decode_image(with_checksums(content) if mended else content, "it").pixels
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        assert max(pixels.shape) <= MAX_SIDE
    except PictureError as error:
        sentence = str(error)
    assert re.fullmatch(r"it .*\. .*\.", sentence)
    assert time.process_time() - started < 10


@pytest.mark.slow
def test_lies_cost_no_memory(tmp_path: Path) -> None:
    for number, make in enumerate(LIES.values()):
        (tmp_path / str(number)).write_bytes(make())
    code = (
        "import resource, sys; from pathlib import Path; from convscope.data.images import decode as d, formats as k\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for kind in {kind for _, kind in k.SIGNATURES} | {k.WEBP}: __import__(kind.module)\n"
        "files = [path.read_bytes() for path in Path(sys.argv[1]).iterdir()]; before = peak()\n"
        "for file in files:\n"
        "    try: d.decode_image(file, 'it'); sys.exit('decoded')\n"
        "    except d.PictureError: pass\n"
        "print(peak() - before)"
    )
    result = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(result.stdout) < 32 * 1024  # KiB


def test_plain_tiffs_are_decoded_side_by_side_and_warnings_come_back_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads meet inside the decoding; with a lock around it the first would wait for the second in vain."""
    meeting = threading.Barrier(2, timeout=30)
    load = TiffImageFile.load

    def meet(self: TiffImageFile) -> object:
        if self.tile:  # not decoded yet
            meeting.wait()
            warnings.warn("hidden", UserWarning, stacklevel=1)
        return load(self)

    content = encoded(GREY, "TIFF")
    monkeypatch.setattr(TiffImageFile, "load", meet)
    filters = list(warnings.filters)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: decode_image(content, "it").pixels, range(2)))
    assert all(np.array_equal(each[..., 0], np.asarray(GREY)) for each in found)
    assert list(warnings.filters) == filters


@pytest.mark.parametrize("held", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_rotation_matches_pillow(held: int, order: str) -> None:
    pixels = np.random.default_rng(held).integers(0, 256, (3, 5, 3)).astype(np.uint8)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif.endian = order
    exif[0x0112] = held
    block = exif.tobytes()
    image.info["exif"] = block
    assert exif_orientation(block) == held
    assert np.array_equal(apply_exif_orientation(pixels, held), np.asarray(ImageOps.exif_transpose(image)))


@given(st.binary(max_size=200), st.sampled_from([b"", b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_a_block_of_nonsense_means_upright_or_one_of_the_eight(block: bytes, start: bytes) -> None:
    assert 1 <= exif_orientation(start + block) <= 8


def test_a_block_that_claims_to_be_endless_takes_no_time() -> None:
    assert exif_orientation(b"II*\0\x08\0\0\0\xff\xff" + bytes(10 * 2**20)) == 1


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((8001, 8001), "64.02 million, but at most 64 million"),
        ((0, 40), "both sides need at least 1"),
        ((1, 1), "one side needs"),
    ],
)
def test_a_refused_size_says_which_limit_it_passes(size: tuple[int, int], words: str) -> None:
    with pytest.raises(PictureError, match=words):
        check_size(*size, "it", 4)
