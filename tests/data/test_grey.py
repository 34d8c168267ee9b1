from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from convscope.data.grey import to_grey
from convscope.errors import ShapeError


def test_grey_is_pillows() -> None:
    colours = np.random.default_rng(6).integers(0, 256, (200, 200, 4)).astype(np.uint8)
    assert np.array_equal(to_grey(colours[..., :3]), np.asarray(Image.fromarray(colours[..., :3]).convert("L")))
    white = Image.new("RGBA", (200, 200), "white")
    on_white = Image.alpha_composite(white, Image.fromarray(colours)).convert("L")
    assert np.abs(to_grey(colours).astype(int) - np.asarray(on_white)).max() <= 1


def test_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ShapeError, match="3 or 4"):
        to_grey(np.zeros((5, 5), np.uint8))
