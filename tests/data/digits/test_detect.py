from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from convscope.data.dataset import Dataset
from convscope.data.digits.detect import detect_digits
from convscope.data.digits.mnist_style import DigitPreprocessing, prepare_digit

from ...handwriting import enlarged, laid_out, penned  # type: ignore[import-not-found]

SETTINGS = DigitPreprocessing()


@pytest.mark.slow
def test_a_drawing_of_one_digit_is_prepared_as_before(mnist: Dataset) -> None:
    random = np.random.default_rng(0)
    for image in mnist.test.images[random.choice(10_000, 60, replace=False), ..., 0]:
        side = 28 * int(random.integers(3, 12))
        method = Image.Resampling.BICUBIC if random.random() < 0.5 else Image.Resampling.NEAREST
        drawing = np.pad(np.asarray(Image.fromarray(image).resize((side, side), method)), int(random.integers(0, 60)))
        drawing = 255 - drawing if random.random() < 0.5 else drawing
        found = detect_digits(drawing, SETTINGS)
        expected = prepare_digit(drawing, SETTINGS)
        assert len(found) == 1
        assert np.array_equal(found[0].prepared.pixels, expected.pixels)
        assert (found[0].box, found[0].background_removed) == (expected.box, False)


def test_images_of_a_set_are_never_taken_apart(mnist: Dataset) -> None:
    random = np.random.default_rng(1)
    for image in [*mnist.test.images[:50, ..., 0], *random.integers(0, 256, (10, 28, 28)).astype(np.uint8)]:
        found = detect_digits(image, SETTINGS)
        assert np.array_equal(found[0].prepared.pixels, prepare_digit(image, SETTINGS).pixels)
        assert len(found) == 1


def test_digits_of_a_drawn_sheet_are_found_where_they_are() -> None:
    random = np.random.default_rng(2)
    inks = [penned(str(label), 80, random) for label in range(9)]
    sheet = laid_out(inks, [4, 5], random)
    found = detect_digits(np.asarray(255 - 255 * sheet, np.uint8), SETTINGS)
    assert len(found) == 9
    covered = np.zeros(sheet.shape, bool)
    for digit in found:
        assert digit.box is not None
        assert not digit.background_removed
        part = np.s_[digit.box.top : digit.box.bottom + 1, digit.box.left : digit.box.right + 1]
        covered[part] = True
        assert (sheet[part] > 0).any(axis=1).all()
        assert digit.prepared.pixels.max() >= 254
    assert (covered | (sheet < 0.5)).all()
    assert len(detect_digits(np.asarray(255 - 255 * sheet, np.uint8), SETTINGS, several=False)) == 1


def test_a_photo_cut_close_to_its_digit_still_holds_it(mnist: Dataset) -> None:
    ink = enlarged(mnist.test.images[0, ..., 0], 200, np.random.default_rng(3))
    rows, columns = np.flatnonzero((ink > 0.5).any(axis=1)), np.flatnonzero((ink > 0.5).any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    light = np.linspace(120, 230, ink.shape[1]) + np.random.default_rng(4).normal(0, 3, ink.shape)
    found = detect_digits((light * (1 - 0.8 * ink)).astype(np.uint8), SETTINGS)
    assert len(found) == 1
    assert found[0].background_removed
    difference = found[0].prepared.pixels.astype(int) - prepare_digit((255 * ink).astype(np.uint8)).pixels
    assert np.abs(difference).mean() < 20


@pytest.mark.parametrize("kind", ["grain", "light", "flat"])
def test_an_empty_sheet_is_one_blank_answer(kind: str) -> None:
    random = np.random.default_rng(5)
    sheet = {
        "grain": random.normal(200, 6, (150, 200)),
        "light": np.linspace(90, 230, 200)[None].repeat(150, axis=0) + random.normal(0, 2, (150, 200)),
        "flat": np.full((150, 200), 230.0),
    }[kind]
    found = detect_digits(sheet.astype(np.uint8), SETTINGS)
    assert len(found) == 1
    assert found[0].prepared.empty
    assert found[0].box is None


def strokes(count: int, columns: int, size: tuple[int, int], *, grain: bool, side: int = 1024) -> npt.NDArray[np.uint8]:
    """Return a page (side, side) with ``count`` strokes of ``size`` (height, width), as in a page of text."""
    page = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(page)
    for number in range(count):
        row, column = divmod(number, columns)
        top, left = row * side * columns / count + 3, column * side / columns + 4
        pen.line((left, top, left + size[1], top + size[0]), fill=0, width=2)
    dark = np.random.default_rng(0).integers(0, 12, (side, side)) if grain else 0
    return np.clip(np.asarray(page).astype(int) - dark, 0, 255).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("grain", [False, True])
@pytest.mark.parametrize(
    ("count", "columns", "size", "side"), [(3200, 64, (15, 6), 1024), (6400, 128, (9, 3), 1024), (3200, 64, (34, 12), 2048)]
)
def test_thousands_of_strokes_take_seconds(count: int, columns: int, size: tuple[int, int], side: int, grain: bool) -> None:
    # All pairs of 3,200 strokes took 98 seconds; a busy machine may need several times the usual 1.4.
    started = time.process_time()
    found = detect_digits(strokes(count, columns, size, grain=grain, side=side), DigitPreprocessing())
    assert time.process_time() - started < 20
    assert len(found) in (1, count)
