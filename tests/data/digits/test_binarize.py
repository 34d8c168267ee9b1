from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from convscope.data.dataset import Dataset
from convscope.data.digits import binarize
from convscope.data.digits.binarize import CLOSING_RADIUS, binarize_document, block_means, has_flat_background, split_levels

COUNTS = st.lists(st.integers(0, 50), min_size=256, max_size=256)


def between_classes(counts: np.ndarray, level: int) -> float:
    """Otsu's criterion, by its definition."""
    levels = np.arange(256)
    low, high = counts[: level + 1], counts[level + 1 :]
    if not low.sum() or not high.sum():
        return -1.0
    means = (low @ levels[: level + 1]) / low.sum(), (high @ levels[level + 1 :]) / high.sum()
    return float(low.sum() * high.sum() * (means[0] - means[1]) ** 2)


@pytest.mark.slow
@given(COUNTS)
def test_the_threshold_is_otsus(counts: list[int]) -> None:
    array = np.array(counts)
    if np.count_nonzero(array) < 2:
        return
    threshold, strength, rest = split_levels(array)
    best = max(between_classes(array, level) for level in range(255))
    assert between_classes(array, threshold) == pytest.approx(best)
    levels = np.arange(256)
    assert strength == int(array[threshold + 1 :] @ levels[threshold + 1 :]) // int(array[threshold + 1 :].sum())
    assert rest == int(array[: threshold + 1] @ levels[: threshold + 1]) // int(array[: threshold + 1].sum())


def test_one_level_cannot_be_split() -> None:
    assert split_levels(np.bincount([7] * 9, minlength=256)) == (255, 0, 0)


@pytest.mark.parametrize(("shape", "side"), [((6, 9), 3), ((7, 10), 3), ((5, 5), 8), ((4, 6), 1)])
def test_blocks_become_their_means(shape: tuple[int, int], side: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape)
    expected = [
        [np.floor(image[top : top + side, left : left + side].mean() + 0.5) for left in range(0, shape[1], side)]
        for top in range(0, shape[0], side)
    ]
    assert np.array_equal(block_means(image, side), expected)


def test_strokes_are_closed_as_scipy_does_it() -> None:
    cells = np.random.default_rng(1).integers(0, 256, (40, 23))
    window = (2 * CLOSING_RADIUS + 1,) * 2
    wide = ndimage.maximum_filter(cells, window, mode="constant", cval=-1)
    assert np.array_equal(
        binarize._morphological_close(cells, CLOSING_RADIUS), ndimage.minimum_filter(wide, window, mode="constant", cval=256)
    )


def test_between_cells_the_ground_is_interpolated() -> None:
    cells = np.random.default_rng(2).integers(0, 256, (4, 5))
    side, shape = 6, (22, 30)
    rows, columns = ((np.arange(length) + 0.5) / side - 0.5 for length in shape)
    across = np.stack([np.interp(columns, np.arange(5), row) for row in cells])
    expected = np.stack([np.interp(rows, np.arange(4), column) for column in across.T], axis=1)
    assert np.abs(binarize._spread(cells, side, shape) - expected).max() <= 0.5 + 1e-9


def test_sets_and_drawings_have_a_flat_ground_and_photos_have_not(mnist: Dataset) -> None:
    assert all(has_flat_background(image) and has_flat_background(255 - image) for image in mnist.test.images[:200, ..., 0])
    light = np.linspace(120, 240, 200)[None] + np.random.default_rng(3).normal(0, 2, (150, 200))
    assert not has_flat_background(light.astype(np.uint8))


def test_a_pen_is_as_black_in_the_shadow_as_in_the_sun() -> None:
    light = np.interp(np.arange(400), [180, 220], [240.0, 100.0])[None].repeat(300, axis=0)
    image = light.copy()
    image[100:200, 80:90] *= 0.3
    image[100:200, 300:310] *= 0.3
    background_removed = binarize_document(image.astype(np.uint8))
    assert background_removed.inverted
    assert background_removed.strong.sum() == 2 * 1000
    assert abs(int(background_removed.ink[150, 85]) - int(background_removed.ink[150, 305])) <= 6
    assert not background_removed.ink[:, 100:290].any()  # the shadow's edge lies here


def test_chalk_is_ink_too() -> None:
    light = np.linspace(30, 80, 300)[None].repeat(200, axis=0)
    light[50:150, 140:150] = 220
    background_removed = binarize_document(light.astype(np.uint8))
    assert not background_removed.inverted
    assert np.array_equal(np.argwhere(background_removed.strong).min(axis=0), (50, 140))
    assert background_removed.strong.sum() == 1000


def test_paper_without_ink_holds_none() -> None:
    random = np.random.default_rng(4)
    grain = 200 + ndimage.gaussian_filter(random.normal(0, 8, (200, 300)), 1) + np.linspace(-60, 0, 300)
    background_removed = binarize_document(grain.astype(np.uint8))
    assert not background_removed.strong.any()
    assert not background_removed.ink.any()


def test_a_large_photo_is_made_smaller_first() -> None:
    image = np.full((1100, 2100), 200, np.uint8)
    image[300:600, 900:960] = 40
    background_removed = binarize_document(image)
    assert (background_removed.factor, background_removed.ink.shape) == (3, (367, 700))
