"""Drawing pads, plots and frames are looked into; ink that only resembles them is not."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from convscope.data.dataset import Dataset
from convscope.data.digits.detect import detect_digits
from convscope.data.digits.mnist_style import DigitPreprocessing
from convscope.data.digits.polarity import has_training_form

from ...handwriting import sheet_of_photos  # type: ignore[import-not-found]

Grey = npt.NDArray[np.uint8]
SETTINGS = DigitPreprocessing()


def ink(mnist: Dataset, number: int, side: int) -> Grey:
    return np.asarray(Image.fromarray(mnist.test.images[number, ..., 0]).resize((side, side), Image.Resampling.BILINEAR))


def pad(digit: Grey, page: int, level: int, *, line: int = 0, border: int = 0) -> Grey:
    """A page with a pad of ``level`` that holds a digit of the contrary brightness, within a border of ``line`` pixels."""
    height, width = digit.shape
    shown = np.full((height + 170, width + 210), page, np.uint8)
    shown[60 - line : 60 + height + line, 90 - line : 90 + width + line] = border
    away = 255 - level if level > 127 else level
    shown[60 : 60 + height, 90 : 90 + width] = np.where(
        level > 127, level - digit * (level / 255), away + digit * ((255 - away) / 255)
    )
    return shown


PADS = {
    "black on white": (255, 0, 0, 0),
    "dark grey on light grey": (235, 45, 0, 0),
    "white on a dark page": (30, 255, 0, 0),
    "white on white in a thin frame": (255, 255, 1, 0),
    "white on white in a thick grey frame": (255, 255, 6, 90),
    "black on white in a frame": (255, 0, 3, 120),
    "white on black in a frame": (0, 255, 2, 128),
}


@pytest.mark.slow
@pytest.mark.rows(11)
@pytest.mark.parametrize("side", [112, 280, 700])
@pytest.mark.parametrize("name", PADS)
def test_the_digit_of_a_pad_is_that_of_its_inside(name: str, side: int, mnist: Dataset) -> None:
    page, level, line, border = PADS[name]
    close = 0
    for number in range(10):
        [found] = detect_digits(pad(ink(mnist, number, side), page, level, line=line, border=border), SETTINGS)
        original = mnist.test.images[number, ..., 0].astype(int)
        close += bool(np.abs(found.prepared.pixels - original).mean() < 20)
        assert found.box is not None
        assert found.box.top >= 60 - line
        assert found.box.bottom < 60 + side + line
    assert close >= 9  # two different digits differ by 35


@pytest.mark.parametrize("thickness", [0.1, 0.2, 0.28])
@pytest.mark.parametrize("level", [0, 255])
def test_a_digit_with_thick_strokes_leaves_its_pad_a_pad(level: int, thickness: float) -> None:
    rows, columns = np.mgrid[-1:1:300j, -1:1:300j]
    ring = np.abs(np.hypot(rows / 0.8, columns / 0.85) - (1 - thickness)) < thickness  # a 0 that nearly fills the pad
    [found] = detect_digits(pad((255 * ring).astype(np.uint8), 255 - level, level, line=2, border=128), SETTINGS)
    assert found.box is not None
    assert (found.box.bottom - found.box.top) / 300 == pytest.approx(0.8, abs=0.03)
    assert (found.box.right - found.box.left) / 300 == pytest.approx(0.85, abs=0.03)


def test_a_jpeg_of_a_pad_and_round_corners_are_understood(mnist: Dataset) -> None:
    shown = pad(ink(mnist, 0, 280), 255, 0)
    for corner in range(12):  # a radius of 12 pixels
        inset = 12 - int((144 - (12 - corner) ** 2) ** 0.5)
        for row in (60 + corner, 339 - corner):
            shown[row, 90 : 90 + inset] = shown[row, 370 - inset : 370] = 255
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "JPEG", quality=80)
    [found] = detect_digits(np.asarray(Image.open(file)), SETTINGS)
    assert np.abs(found.prepared.pixels - mnist.test.images[0, ..., 0].astype(int)).mean() < 20


def test_several_pads_are_read_in_order_and_the_empty_ones_left_out(mnist: Dataset) -> None:
    rows = [[pad(ink(mnist, number, 120), 255, 0) for number in row] for row in ((0, 1, 2), (3, 4, 5))]
    shown = np.vstack([np.hstack(row) for row in rows])
    found = detect_digits(shown, SETTINGS)
    for number, digit in enumerate(found):
        assert np.abs(digit.prepared.pixels - mnist.test.images[number, ..., 0].astype(int)).mean() < 20
    shown[60:180, 90:210] = 0
    assert len(detect_digits(shown, SETTINGS)) == 5
    assert len(detect_digits(shown, SETTINGS, several=False)) == 1


@pytest.mark.parametrize("level", [0, 90, 255])
def test_an_empty_pad_has_no_digit(level: int) -> None:
    shown = np.full((400, 400), 255 - level if level != 90 else 240, np.uint8)
    shown[60:340, 60:340] = level
    [found] = detect_digits(shown, SETTINGS)
    assert found.box is None
    assert found.prepared.empty


def test_boxed_strokes_are_digits_not_pads() -> None:
    shown = np.zeros((300, 240), np.uint8)
    shown[40:260, 60:180] = 255
    shown[60:240, 80:160] = 0  # 0
    eight = shown.copy()
    eight[140:160, 60:180] = 255
    one = np.zeros_like(shown)
    one[40:260, 90:150] = 255
    for drawing in (shown, eight, one):
        for given in (drawing, 255 - drawing):
            [found] = detect_digits(given, SETTINGS)
            assert found.box is not None
            assert found.box.bottom - found.box.top + 1 == 220


@pytest.mark.slow
def test_all_of_mnist_has_the_form_and_what_is_off_has_not(mnist: Dataset) -> None:
    images = mnist.test.images
    assert has_training_form(images, SETTINGS).mean() > 0.999
    assert not has_training_form(np.roll(images, 5, axis=1), SETTINGS).any()
    assert not has_training_form(np.roll(images, -5, axis=2), SETTINGS).any()
    assert not has_training_form(255 - images, SETTINGS).any()
    assert not has_training_form(images // 4, SETTINGS).any()  # faint
    small = np.zeros_like(images[:200])
    small[:, 9:19, 9:19] = [
        np.asarray(Image.fromarray(image[4:24, 4:24, 0]).resize((10, 10)))[..., None] for image in images[:200]
    ]
    assert has_training_form(small, SETTINGS).mean() < 0.05
    assert not has_training_form(np.zeros((3, 28, 28, 1), np.uint8), SETTINGS).any()


@pytest.mark.slow
def test_photos_on_a_page_are_looked_into_though_some_fade_into_it() -> None:
    found = 0
    for seed in range(8):
        boxes = [each.box for each in detect_digits(sheet_of_photos("174", np.random.default_rng(seed)), SETTINGS)]
        middles = [(box.left + box.right) / 2 - 20 for box in boxes if box is not None]
        found += len({int(middle // 200) for middle in middles if middle % 200 < 180})
    assert found >= 20  # of 24; 14 if only complete rectangles are panels
