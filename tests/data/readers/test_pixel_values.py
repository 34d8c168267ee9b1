from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convscope.data.images.inputs import open_image
from convscope.data.readers.pixel_values import square_side, to_uint8_images
from convscope.errors import ConvscopeError, DatasetError

LEVELS = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)


def made(*arrays: np.ndarray) -> tuple[list[np.ndarray], list[str]]:
    images, notes, _ = to_uint8_images(list(arrays), "it")
    assert all(image.dtype == np.uint8 and image.ndim == 4 for image in images)
    return images, notes  # type: ignore[return-value]


def test_bytes_are_taken_as_they_are_and_not_copied() -> None:
    images, notes = made(LEVELS)
    assert np.shares_memory(images[0], LEVELS)
    assert notes == []


@pytest.mark.parametrize(
    "values",
    [
        LEVELS / 255,
        (LEVELS / 255).astype(np.float32),
        (LEVELS / 255).astype(np.float16),
        LEVELS / 127.5 - 1,
        LEVELS / 255 - 1e-9,
        LEVELS / 255 * 1.000001,
        LEVELS / 127.5 - 1.000001,
        LEVELS.astype(np.float64),
        LEVELS.astype(np.int64),
        LEVELS.astype(">i4"),
        LEVELS.astype(np.uint16) * 257,
    ],
    ids=[
        "0..1",
        "float32",
        "float16",
        "-1..1",
        "0..1 less",
        "0..1 more",
        "-1..1 less",
        "0..255",
        "int64",
        "big-endian",
        "16 bits",
    ],
)
def test_every_usual_scale_gives_the_same_levels(values: np.ndarray) -> None:
    images, notes = made(values)
    assert np.array_equal(images[0][..., 0], LEVELS)
    assert len(notes) == (values.dtype.kind == "f" or values.dtype == np.uint16)


def test_truth_values_and_bits_become_black_and_white() -> None:
    bits = LEVELS % 2
    for values in (bits, bits.astype(bool), bits.astype(np.int32)):
        images, notes = made(values)
        assert np.array_equal(images[0][..., 0], bits * 255)
        assert notes == ["converted values 0 and 1 to black and white"]


def test_a_test_split_is_scaled_like_the_training_split() -> None:
    images, _ = made(LEVELS / 127.5 - 1, np.full((1, 8, 8), 1.0))
    assert images[1].max() == 255
    images, _ = made(np.zeros((1, 8, 8), np.uint8), np.ones((1, 8, 8), np.uint8))
    assert images[1].max() == 255
    with pytest.raises(DatasetError, match=r"training images .*0\.\.1 and test images in 0\.\.255"):
        made(LEVELS / 255, LEVELS.astype(np.float64))


def test_flat_rows_and_leading_channels_are_rearranged_with_a_note() -> None:
    grey = LEVELS.reshape(4, 64)
    assert np.array_equal(made(grey)[0][0][..., 0], LEVELS)
    assert made(grey)[1] == ["reshaped rows of 64 values to images of 8 × 8"]
    colour = np.random.default_rng(0).integers(0, 256, (5, 8, 9, 3), dtype=np.uint8)
    images, notes = made(np.moveaxis(colour, 3, 1))
    assert np.array_equal(images[0], colour)
    assert notes == ["moved the channels to the last axis"]
    assert np.array_equal(made(colour)[0][0], colour)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_colours_are_pixels_or_channels_whatever_makes_smoother_images(seed: int) -> None:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (20, 6, 6, 3), dtype=np.uint8)
    images = coarse.repeat(6, axis=1).repeat(6, axis=2) // 2 + random.integers(0, 60, (20, 36, 36, 3), dtype=np.uint8)
    by_channel = np.moveaxis(images, 3, 1)
    for stored, words in ((images, []), (by_channel, ["took the values of each row channel by channel"])):
        (found,), notes = made(stored.reshape(20, -1))
        assert np.array_equal(found, images)
        assert [note.partition(",")[0] for note in notes[1:]] == words
    noise = random.integers(0, 256, (20, 36, 36, 3), dtype=np.uint8)
    assert np.array_equal(made(noise.reshape(20, -1))[0][0], noise)


def test_what_is_transparent_lies_on_white_as_in_images() -> None:
    generator = np.random.default_rng(1)
    pixels = generator.integers(0, 256, (3, 6, 5, 4), dtype=np.uint8)
    images, notes = made(pixels, pixels[:1, ..., :3])
    assert [part.shape for part in images] == [(3, 6, 5, 3), (1, 6, 5, 3)]
    assert notes == ["composited transparent pixels on white"]
    for image, found in zip(pixels, images[0], strict=True):
        assert np.array_equal(open_image(image, "it").pixels, found)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((2, 8, 8, 2), np.uint8), "channels; got 2"),
        (np.zeros((2, 8, 8, 5), np.uint8), "channels; got 5"),
        (np.zeros((2, 5)), r"shape \(2, 5\)"),
        (np.zeros(4), r"shape \(4,\)"),
        (np.zeros((0, 8, 8)), r"shape is \(0, 8, 8\)"),
        (np.zeros((2, 0, 8)), r"shape is \(2, 0, 8\)"),
        (np.full((2, 4, 4), 300.0), "got 300 to 300"),
        (np.full((2, 4, 4), -7), "got -7 to -7"),
        (np.zeros((2, 4, 4), complex), "complex128"),
        (np.zeros((2, 4, 4), "M8[D]"), "datetime64"),
        (np.full((2, 4, 4), "x"), "dtype <U1"),
    ],
)
def test_other_inputs_than_images_are_refused(values: np.ndarray, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        made(values)


def test_the_first_value_that_is_no_number_is_named() -> None:
    values = np.zeros((600, 4, 5))
    values[517, 2, 3] = np.nan
    with pytest.raises(DatasetError, match="image 517 .*nan at row 2, column 3"):
        made(values)


@pytest.mark.parametrize(
    ("pixels", "shape"), [(784, (28, 28, 1)), (3072, (32, 32, 3)), (1, (1, 1, 1)), (3, (1, 1, 3)), (785, None)]
)
def test_squares_are_grey_or_in_colour(pixels: int, shape: tuple[int, int, int] | None) -> None:
    assert square_side(pixels) == shape


@example(np.zeros((1, 4, 1, 5), np.uint8))
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int8, np.uint16, np.int64, np.float32, np.float64, np.bool_]),
        hnp.array_shapes(min_dims=1, max_dims=5, max_side=6),
    )
)
def test_any_array_becomes_images_or_one_sentence(values: np.ndarray) -> None:
    images, complaint = None, "it"
    try:
        images, _ = made(values)
    except ConvscopeError as error:
        complaint = str(error)
    assert "it" in complaint.split()
    if images is not None:
        # Transparent pixels are composited on white, also with channels first.
        with_opacity = values.ndim == 4 and (values.shape[3] == 4 or (values.shape[3] > 4 and values.shape[1] == 4))
        assert len(images[0]) == len(values)
        assert images[0].size == (values.size * 3 // 4 if with_opacity else values.size)
