from __future__ import annotations

import numpy as np
import pytest

from convscope.analysis.robustness.background import Background, background_of
from convscope.data.dataset import Dataset


def test_the_background_of_digits_is_black_and_of_inverted_digits_white(mnist: Dataset) -> None:
    images = mnist.test.images[:500]
    assert background_of(images) == Background((0,))
    assert background_of(255 - images) == Background((255,))
    assert not background_of(images).is_light
    assert background_of(255 - images).is_light


def test_small_digits_that_touch_the_border_have_a_background(digits: Dataset) -> None:
    assert background_of(digits.test.images) == Background((0,))


def test_photos_have_no_background() -> None:
    generator = np.random.default_rng(0)
    photos = generator.integers(0, 256, (50, 4, 4, 3), dtype=np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    assert background_of(photos) == Background(None)
    assert background_of(photos).ink == 1.0


def test_a_coloured_background_has_a_level_per_channel() -> None:
    images = np.full((10, 9, 9, 3), (10, 200, 30), np.uint8)
    images[:, 3:6, 3:6] = 255
    assert background_of(images) == Background((10, 200, 30))


@pytest.mark.parametrize("level", [None, (51,)])
def test_padding_is_the_background_or_repeats_the_edge(level: tuple[int, ...] | None) -> None:
    images = np.random.default_rng(1).random((2, 4, 5, 1)).astype(np.float32)
    how = {"mode": "edge"} if level is None else {"mode": "constant", "constant_values": 0.2}
    expected = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), **how)  # type: ignore[call-overload]
    np.testing.assert_allclose(Background(level).padded(images, 3), expected, rtol=1e-6)
