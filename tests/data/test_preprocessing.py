from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from convscope.data.dataset import Dataset
from convscope.data.digits.mnist_style import DigitPreprocessing, border_median, prepare_digit
from convscope.data.digits.polarity import is_dark_on_light
from convscope.data.preprocessing import UNCHANGED, ImagePreprocessor, preprocessing_spec, preprocessor_for, resize
from convscope.data.read_options import ReadOptions
from convscope.errors import ConfigError
from convscope.types import Images

MNIST = ImagePreprocessor((28, 28, 1), DigitPreprocessing())


def description(dataset: Dataset, **changes: Any) -> dict[str, Any]:
    return {"image_shape": list(dataset.image_shape), "content": dataset.provenance.content, **changes}


def test_the_preprocessing_of_known_digits_is_read_off_them(mnist: Dataset, digits: Dataset) -> None:
    assert preprocessor_for(description(mnist), mnist.train.images[:500]) == MNIST
    small = preprocessor_for(description(digits), digits.train.images[:500])
    assert small.digits == DigitPreprocessing(8, 8, digit_size_fraction=1.0)


def test_what_is_no_digit_bright_on_dark_is_only_resized(mnist: Dataset) -> None:
    images = mnist.train.images[:100]
    assert preprocessor_for(description(mnist, content="images"), images).digits is None
    assert preprocessor_for(description(mnist), 255 - images).digits is None
    assert preprocessor_for({"image_shape": [28, 28, 3]}, np.repeat(images, 3, axis=3)).digits is None
    with pytest.raises(ConfigError, match="5"):
        ImagePreprocessor((8, 8, 5))


def test_what_a_run_says_of_its_preparation_is_what_counts(mnist: Dataset) -> None:
    """And not what could be read off its images once more."""
    settings = DigitPreprocessing(28, 28, centre=False, digit_size_fraction=0.5)
    letters = replace(mnist, provenance=replace(mnist.provenance, content="letters", digits=settings))
    said = json.loads(json.dumps({"image_shape": [28, 28, 1], **preprocessing_spec(letters)}))
    assert preprocessor_for(said, mnist.train.images[:9]) == ImagePreprocessor((28, 28, 1), settings)
    resized = replace(mnist, provenance=replace(mnist.provenance, reading=ReadOptions(prepare="fit")))
    plain = preprocessor_for({"image_shape": [28, 28, 1], **preprocessing_spec(resized)}, mnist.train.images[:9])
    assert plain == ImagePreprocessor((28, 28, 1), None, "light on dark")
    with pytest.raises(ValueError, match="× "):
        preprocessor_for({**said, "image_shape": [20, 28, 1]}, mnist.train.images[:9])


@pytest.mark.parametrize(("own", "other"), [("light on dark", "dark on light"), ("dark on light", "light on dark")])
def test_an_image_of_the_other_polarity_is_turned_round_with_a_note(own: str, other: str) -> None:
    shape = np.zeros((60, 60, 1), np.uint8)
    shape[20:40, 10:50] = 200
    alike, turned = (shape, 255 - shape) if own == "light on dark" else (255 - shape, shape)
    preprocessor = ImagePreprocessor((20, 20, 1), None, own)
    expected = preprocessor.preprocess(alike)
    assert expected.steps == ("resized from 60 × 60 to 20 × 20",)
    fitted = preprocessor.preprocess(turned)
    assert fitted.steps == (f"inverted, because it is {other} and the training images are {own}", *expected.steps)
    assert np.array_equal(fitted.pixels, expected.pixels)
    own_size = np.ascontiguousarray(turned[::3, ::3])
    as_it_is = preprocessor.preprocess(own_size)
    assert as_it_is.steps == (f"{UNCHANGED}, although it is {other} and the training images are {own}",)
    assert np.array_equal(as_it_is.pixels, own_size)
    flat = np.full((60, 60, 1), 255, np.uint8)
    assert preprocessor.preprocess(flat).steps == expected.steps


@pytest.mark.slow
def test_every_image_of_the_training_sets_is_taken_as_it_is(mnist: Dataset, digits: Dataset) -> None:
    for dataset in (mnist, digits):
        preprocessor = preprocessor_for(description(dataset), dataset.train.images[:500])
        for split in (dataset.train, dataset.test):
            assert preprocessor.uses_unchanged(split.images).all()
        fitted = preprocessor.preprocess(dataset.test.images[3])
        assert np.array_equal(fitted.pixels, dataset.test.images[3])
        assert fitted.steps == (UNCHANGED,)


def test_borders_are_judged_all_at_once_as_one_by_one() -> None:
    images = np.random.default_rng(9).integers(0, 256, (200, 5, 7, 1)).astype(np.uint8)
    images[::3, 1:-1, 1:-1] = 255
    expected = [2 * border_median(image[..., 0]) > int(image.min()) + int(image.max()) for image in images]
    assert is_dark_on_light(images).tolist() == expected


def test_a_drawing_goes_the_way_of_mnist_and_says_how(mnist: Dataset) -> None:
    digit = mnist.test.images[0, ..., 0]
    paper = 255 - np.asarray(Image.fromarray(digit).resize((280, 280), Image.Resampling.NEAREST))
    fitted = MNIST.preprocess(np.repeat(paper[..., None], 3, axis=2))
    prepared = prepare_digit(paper)
    box = prepared.box
    assert box is not None
    assert np.array_equal(fitted.pixels[..., 0], prepared.pixels)
    assert fitted.steps[0] == "inverted"
    size = f"{box.bottom - box.top + 1} × {box.right - box.left + 1}"
    assert fitted.steps[-3:] == (f"cropped to {size}", "fitted into 20 × 20", "centred")
    assert MNIST.preprocess(255 - digit[..., None]).steps[0] == "inverted"


def test_colour_is_made_grey_only_in_words_where_there_is_some() -> None:
    colour = np.zeros((28, 28, 3), np.uint8)
    colour[4:24, 7:21] = 255
    assert MNIST.preprocess(colour).steps == (UNCHANGED,)
    colour[4:24, 7:21] = (255, 200, 0)
    assert MNIST.preprocess(colour).steps == ("converted to grey", UNCHANGED)
    assert ImagePreprocessor((28, 28, 3)).preprocess(colour[..., :1]).steps == ("converted to RGB", UNCHANGED)


def test_a_blank_image_is_reported_as_blank() -> None:
    blank = MNIST.preprocess(np.full((100, 100, 1), 200, np.uint8))
    assert not blank.pixels.any()
    assert blank.steps[-1].startswith("blank")


def test_photos_give_their_middle_resized() -> None:
    photo = np.random.default_rng(10).integers(0, 256, (60, 100, 3)).astype(np.uint8)
    fitted = ImagePreprocessor((6, 6, 3)).preprocess(photo)
    blocks = photo[:, 20:80].reshape(6, 10, 6, 10, 3).mean(axis=(1, 3))
    assert np.array_equal(fitted.pixels, np.floor(blocks + 0.5))
    assert fitted.steps == ("cropped to the middle 60 × 60 of 60 × 100", "resized from 60 × 60 to 6 × 6")
    assert ImagePreprocessor((6, 6, 3)).preprocess(photo[:, :60]).steps == ("resized from 60 × 60 to 6 × 6",)
    assert ImagePreprocessor((60, 100, 3)).preprocess(photo).steps == (UNCHANGED,)
    assert ImagePreprocessor((6, 10, 3)).preprocess(photo).steps == ("resized from 60 × 100 to 6 × 10",)  # height × width


def area_means(image: Images, size: tuple[int, int]) -> np.ndarray:
    """By counting hundredths: every pixel split into size × size parts, of which each new pixel gets a block."""
    fine = image.repeat(size[0], axis=0).repeat(size[1], axis=1).astype(float)
    height, width, channels = image.shape
    return fine.reshape(size[0], height, size[1], width, channels).mean(axis=(1, 3))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 12), st.integers(1, 12), st.integers(0, 99))
def test_resizing_is_the_mean_of_areas_and_never_leaves_the_range(
    height: int, width: int, rows: int, columns: int, seed: int
) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 2)).astype(np.uint8)
    small = resize(image, (rows, columns))
    assert small.shape == (rows, columns, 2)
    assert small.min() >= image.min()
    assert small.max() <= image.max()
    if rows <= height and columns <= width:
        assert np.abs(small - area_means(image, (rows, columns))).max() <= 0.5 + 1e-6


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([1, 3]), st.integers(0, 99))
def test_any_image_fits_any_network(height: int, width: int, channels: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, channels)).astype(np.uint8)
    for preprocessor in (
        MNIST,
        ImagePreprocessor((8, 8, 1), DigitPreprocessing(8, 8, digit_size_fraction=1.0)),
        ImagePreprocessor((5, 9, 3)),
        ImagePreprocessor((9, 5, 1)),
    ):
        fitted = preprocessor.preprocess(image)
        assert fitted.pixels.shape == preprocessor.image_shape
        assert fitted.pixels.dtype == np.uint8
        assert fitted.steps
