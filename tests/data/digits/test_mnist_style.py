from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from scipy import ndimage

from convscope.data.dataset import Dataset
from convscope.data.digits.box import Box
from convscope.data.digits.mnist_style import DigitPreprocessing, prepare_digit
from convscope.errors import ConfigError, ShapeError

GreyImage = npt.NDArray[np.uint8]


def distance(one: GreyImage, other: GreyImage) -> float:
    """The mean absolute difference in grey levels."""
    return float(np.abs(one.astype(int) - other).mean())


def in_a_frame(image: GreyImage, random: np.random.Generator, *, invert: bool) -> GreyImage:
    """The image anywhere in a frame of up to three times its sides."""
    height, width = image.shape
    frame = np.zeros(random.integers((height, width), (3 * height + 1, 3 * width + 1)), np.uint8)
    top, left = random.integers(0, np.array(frame.shape) - image.shape + 1)
    frame[top : top + height, left : left + width] = image
    return 255 - frame if invert else frame


def test_mnists_digits_come_back_as_they_are(mnist: Dataset) -> None:
    images = mnist.test.images[::5, ..., 0]
    prepared = [prepare_digit(image) for image in images]
    assert np.mean([np.array_equal(each.pixels, image) for each, image in zip(prepared, images, strict=True)]) >= 0.98
    assert np.mean([distance(each.pixels, image) for each, image in zip(prepared, images, strict=True)]) < 0.1


def test_mnists_digits_stay_where_they_are(mnist: Dataset) -> None:
    images = mnist.test.images[::5, ..., 0]
    centred = DigitPreprocessing(background=False)
    assert np.mean([np.array_equal(prepare_digit(image, centred).pixels, image) for image in images]) >= 0.999


@pytest.mark.slow
def test_an_enlargement_with_hard_pixels_is_taken_back_exactly(mnist: Dataset) -> None:
    pad = DigitPreprocessing(polarity="keep", background=False)
    random = np.random.default_rng(7)
    same = []
    for image in mnist.test.images[::20, ..., 0]:
        times = int(random.integers(2, 11))
        enlarged = in_a_frame(np.kron(image, np.ones((times, times), np.uint8)), random, invert=False)
        same.append(np.array_equal(prepare_digit(enlarged, pad).pixels, image))
    assert np.mean(same) >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "bound"),
    [(Image.Resampling.NEAREST, 4.0), (Image.Resampling.BICUBIC, 9.0), (Image.Resampling.BILINEAR, 9.5)],
    ids=["hard pixels", "bicubic", "bilinear"],
)  # fmt: skip
def test_enlarged_moved_and_inverted_digits_come_back(mnist: Dataset, method: Image.Resampling, bound: float) -> None:
    # For comparison: two test digits of one class differ by 35 levels on average, and a digit from itself by 5 when it is
    # enlarged bilinearly and brought back with place and scale known.
    random = np.random.default_rng(0)
    differences = []
    for image in mnist.test.images[::50, ..., 0]:
        side = 28 * int(random.integers(2, 11))
        enlarged = np.asarray(Image.fromarray(image).resize((side, side), method))
        differences.append(distance(prepare_digit(in_a_frame(enlarged, random, invert=random.random() < 0.5)).pixels, image))
    assert np.mean(differences) < bound


def test_a_digit_anywhere_in_a_frame_of_either_polarity_is_the_same_digit(mnist: Dataset) -> None:
    random = np.random.default_rng(1)
    for image in mnist.test.images[:100, ..., 0]:
        expected = prepare_digit(image).pixels
        for invert in (False, True):
            assert np.array_equal(prepare_digit(in_a_frame(image, random, invert=invert)).pixels, expected)


def test_the_steps_say_what_they_did() -> None:
    paper = np.full((100, 80), 220, np.uint8)
    paper[20:60, 30:40] = 20
    paper[50:60, 40:50] = 20  # an L
    prepared = prepare_digit(paper)
    assert (prepared.inverted, prepared.has_background, prepared.cut, prepared.ink.max()) == (True, True, 40, 200)
    assert prepared.box == Box(20, 30, 59, 49)
    assert (prepared.fitted, prepared.thickened) == ((20, 20), False)
    assert (prepared.stretched, prepared.pixels.max()) == (True, 255)
    # The centre of mass is at (11, 8) of the box: four fifths at (9.5, 7), one fifth at (17, 12).
    assert ndimage.center_of_mass(prepared.pixels) == (14, 14)
    assert not prepared.empty


def test_the_centre_of_mass_is_on_pixel_14_14_within_half_a_pixel(mnist: Dataset) -> None:
    random = np.random.default_rng(2)
    for image in mnist.train.images[:100, ..., 0]:
        stretched = np.asarray(Image.fromarray(image).resize(tuple(random.integers(30, 200, 2))))
        pixels = prepare_digit(stretched).pixels
        if not any(side.any() for side in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])):  # the frame may limit it
            assert np.abs(np.array(ndimage.center_of_mass(pixels)) - 14).max() <= 0.5


def test_every_step_can_be_switched_off() -> None:
    image = np.zeros((56, 56), np.uint8)
    image[4:14, 30:40] = 120
    image[40, 10] = 15  # a faint speck
    off = DigitPreprocessing(polarity="keep", background=False, crop=False, fit=False, contrast=False, centre=False)
    plain = prepare_digit(image, off)
    assert np.array_equal(plain.pixels, np.asarray(Image.fromarray(image).resize((28, 28), Image.Resampling.BOX)))
    assert plain.box == Box(4, 10, 40, 39)
    assert np.array_equal(prepare_digit(image, replace(off, polarity="invert")).ink, 255 - image)
    assert prepare_digit(image, replace(off, background=True)).pixels[20, 5] == 0 < plain.pixels[20, 5]
    assert prepare_digit(image, replace(off, crop=True)).pixels[0].any()
    assert prepare_digit(image, replace(off, fit=True)).fitted == (20, 20)
    assert prepare_digit(image, replace(off, contrast=True)).pixels.max() == 255 > plain.pixels.max() == 120
    assert not np.array_equal(prepare_digit(image, replace(off, centre=True)).pixels, plain.pixels)


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_an_image_without_ink_is_empty(level: int) -> None:
    for shape in ((28, 28), (1, 1), (1, 50), (200, 3)):
        prepared = prepare_digit(np.full(shape, level, np.uint8))
        assert prepared.empty
        assert prepared.box is None
        assert not prepared.pixels.any()
        assert prepared.pixels.shape == (28, 28)


def test_a_faint_ground_is_no_ink() -> None:
    random = np.random.default_rng(3)
    paper = random.integers(214, 226, (200, 200)).astype(np.uint8)
    assert prepare_digit(paper).empty
    paper[50:150, 90:110] = 40
    box = prepare_digit(paper).box
    assert box is not None
    # One pixel of background on each side passes for the ink's soft edge.
    assert np.abs(np.array([box.top, box.left, box.bottom, box.right]) - (50, 90, 149, 109)).max() <= 1


def test_a_pad_covered_with_ink_keeps_it_if_its_background_is_given_as_zero() -> None:
    full = np.full((280, 280), 255, np.uint8)
    assert prepare_digit(full).empty
    told = prepare_digit(full, DigitPreprocessing(polarity="keep", background=False))
    assert np.array_equal(told.pixels, np.pad(np.full((20, 20), 255, np.uint8), 4))


def test_ink_never_leaves_the_frame() -> None:
    image = np.zeros((100, 100), np.uint8)
    image[:30, :30] = 255
    image[15, :] = 90  # a blob with a faint tail: the centre of mass would push the tail out
    prepared = prepare_digit(image)
    assert prepared.pixels[:, -1].any()
    assert prepared.pixels.sum() == prepare_digit(image, DigitPreprocessing(centre=False)).pixels.sum()


@pytest.mark.parametrize("image", [np.zeros((28, 28)), np.zeros((28, 28, 3), np.uint8), np.zeros((0, 5), np.uint8)])
def test_other_arrays_than_grey_images_are_refused(image: GreyImage) -> None:
    with pytest.raises(ShapeError, match=r"\(height, width\) uint8"):
        prepare_digit(image)


@pytest.mark.parametrize(
    "setting",
    [
        {"height": 0},
        {"polarity": "up"},
        {"digit_size_fraction": 0.0},
        {"digit_size_fraction": 1.1},
        {"background_share": 1.0},
    ],
)
def test_impossible_settings_are_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(setting))}.*got.*{next(iter(setting.values()))}"):
        DigitPreprocessing(**setting)  # type: ignore[arg-type]
