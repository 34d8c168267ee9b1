from __future__ import annotations

import numpy as np
import pytest

from convscope.data.background import Background, background_of
from convscope.data.dataset import Dataset


def test_digits_lie_on_black_and_their_negatives_on_white(mnist: Dataset) -> None:
    images = mnist.test.images[:500]
    assert background_of(images) == Background((0,))
    assert background_of(255 - images) == Background((255,))
    assert not background_of(images).is_light
    assert background_of(255 - images).is_light


def test_small_digits_that_touch_the_border_still_have_one(digits: Dataset) -> None:
    assert background_of(digits.test.images) == Background((0,))


def test_photos_have_none() -> None:
    generator = np.random.default_rng(0)
    photos = generator.integers(0, 256, (50, 4, 4, 3), dtype=np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    assert background_of(photos) == Background(None)
    assert background_of(photos).ink == 1.0


def test_a_coloured_background_is_known_by_all_its_channels() -> None:
    images = np.full((10, 9, 9, 3), (10, 200, 30), np.uint8)
    images[:, 3:6, 3:6] = 255
    assert background_of(images) == Background((10, 200, 30))


@pytest.mark.parametrize("level", [None, (51,)])
def test_beyond_the_edge_lies_the_background_or_more_of_the_same(level: tuple[int, ...] | None) -> None:
    images = np.random.default_rng(1).random((2, 4, 5, 1)).astype(np.float32)
    how = {"mode": "edge"} if level is None else {"mode": "constant", "constant_values": 0.2}
    expected = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), **how)  # type: ignore[call-overload]
    np.testing.assert_allclose(Background(level).padded(images, 3), expected, rtol=1e-6)
