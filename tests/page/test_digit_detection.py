"""The page finds and prepares the digit of a photo as Python does, pixel for pixel."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from convscope.data.dataset import Dataset
from convscope.data.digits.detect import detect_digits
from convscope.data.digits.mnist_style import DigitPreprocessing
from convscope.data.images.decode import decode_image
from convscope.data.images.resample import to_grey

from ..drawn_digits import STYLES, drawn, ways_of  # type: ignore[import-not-found]
from ..handwriting import enlarged, laid_out, penned, photo_of_one, photo_of_sheet  # type: ignore[import-not-found]

Picture = npt.NDArray[np.uint8]
RUNNER = Path(__file__).with_name("find_runner.mjs")


def shrunk(content: bytes, times: int) -> Picture:
    """Return every ``times``-th pixel of a photo, noise included: small images keep the test fast."""
    pixels = decode_image(content, "it").pixels[::times, ::times]
    return pixels[..., 0] if pixels.shape[2] == 1 else to_grey(pixels)


def pictures(mnist: Dataset) -> Iterator[Picture]:
    random = np.random.default_rng(11)
    for number in range(9):
        image, label = mnist.test.images[number, ..., 0], str(mnist.test.labels[number])
        ink = enlarged(image, 160, random) if number % 2 else penned(label, 160, random)
        yield shrunk(photo_of_one(ink, label, random).content, 1 + number % 3)
    for rows in ([2], [3, 2], [4, 4, 4]):
        inks = [penned(str(label % 10), 70, random) for label in range(sum(rows))]
        yield shrunk(photo_of_sheet(inks, [""] * sum(rows), rows, random).content, 2)
        yield np.asarray(255 - 255 * laid_out(inks, rows, random), np.uint8)
    yield shrunk(
        photo_of_one(enlarged(mnist.test.images[0, ..., 0], 700, random), "7", random).content, 1
    )  # over 1024 pixels
    board = shrunk(photo_of_one(penned("3", 150, random), "3", random).content, 1)
    yield 255 - board  # chalk
    yield board[100:260, 100:200]  # cut off
    yield random.integers(0, 256, (120, 90)).astype(np.uint8)
    yield random.integers(200, 215, (130, 200)).astype(np.uint8)
    yield np.linspace(0, 255, 90 * 80).reshape(90, 80).astype(np.uint8)
    yield np.full((60, 60), 200, np.uint8)
    for level, page in ((0, 255), (40, 255), (255, 30)):  # drawing pads, filled and as an outline, and an empty one
        pads = np.full((300, 420), page, np.uint8)
        for left, number in ((20, 2), (220, 3)):
            pads[50:230, left : left + 180] = level
            pads[60:220, left + 10 : left + 170] = np.abs(
                level - np.asarray(Image.fromarray(mnist.test.images[number, ..., 0]).resize((160, 160))).astype(int)
            )
            pads[50:230, left : left + 3] = 255 - page
        yield pads
        pads[62:220, 32:170] = level
        yield pads
        pads[62:220, 232:370] = level
        yield pads
        pads[62:218, 22:190] = page
        yield pads
    for number in range(12):  # an open 4 of two strokes, or a 5 whose bar is apart
        label = "45"[number % 2]
        ink = drawn(label, 70, list(STYLES.values())[number % 4], random, ways=ways_of(label, parted=True), thin=True)
        yield np.asarray(255 - 255 * np.pad(ink, 20), np.uint8)
    for _ in range(12):
        yield random.choice(np.array([0, 40, 255], np.uint8), tuple(random.integers(50, 120, 2)), p=[0.93, 0.04, 0.03])


def sums(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Stands for a network: the same sums in ``find_runner.mjs``."""
    places = np.arange(images[0].size) % 10
    return np.stack([np.bincount(places, image.ravel().astype(float)) / 255 for image in images])


@pytest.mark.slow
def test_python_and_the_page_find_the_same_digit(mnist: Dataset, tmp_path: Path) -> None:
    node = shutil.which("node") or pytest.skip("no node on this machine")
    given = list(pictures(mnist))
    (tmp_path / "pictures.json").write_text(json.dumps([picture.shape for picture in given]), "utf-8")
    (tmp_path / "pictures.bin").write_bytes(b"".join(np.ascontiguousarray(picture).tobytes() for picture in given))
    subprocess.run([node, str(RUNNER), str(tmp_path)], check=True, timeout=120)
    counts, joined = set(), 0
    for number, (picture, answer) in enumerate(
        zip(given, json.loads((tmp_path / "found.json").read_text("utf-8")), strict=True)
    ):
        digits = detect_digits(picture, DigitPreprocessing(), logits=sums)
        joined += len(digits) < len(detect_digits(picture, DigitPreprocessing()))
        assert answer["count"] == len(digits), number
        assert answer["isCleared"] == digits[0].background_removed, number
        chosen = next(digit for digit in digits if (vars(digit.box) if digit.box else None) == answer["box"])
        assert base64.b64decode(answer["pixels"]) == chosen.prepared.pixels.tobytes(), number
        counts.add(len(digits))
    assert {1, 2, 5, 12} <= counts
    assert joined >= 3
