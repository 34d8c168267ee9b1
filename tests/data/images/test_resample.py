from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from convscope.data.images.resample import fit_into, to_grey
from convscope.errors import ShapeError


def test_grey_is_pillows() -> None:
    colours = np.random.default_rng(6).integers(0, 256, (200, 200, 4)).astype(np.uint8)
    assert np.array_equal(to_grey(colours[..., :3]), np.asarray(Image.fromarray(colours[..., :3]).convert("L")))
    white = Image.new("RGBA", (200, 200), "white")
    composite_on_white = Image.alpha_composite(white, Image.fromarray(colours)).convert("L")
    assert np.abs(to_grey(colours).astype(int) - np.asarray(composite_on_white)).max() <= 1


def test_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ShapeError, match="3 or 4"):
        to_grey(np.zeros((5, 5), np.uint8))


Sides = tuple[int, int]


def geometry(shape: Sides, box: Sides) -> tuple[Fraction, list[Fraction]]:
    """Pixels of the image for each of the box, and the margins before the image, in its own pixels."""
    step = max(Fraction(side, into) for side, into in zip(shape, box, strict=True))
    margins = []
    for side, into in zip(shape, box, strict=True):
        free = (into - side / step) / 2
        margins.append((Fraction(floor(free)) if (side / step).denominator == 1 else free) * step)
    return step, margins


@pytest.mark.parametrize(("shape", "box"), [((7, 7), (20, 20)), ((3, 11), (20, 20)), ((1, 1), (6, 4)), ((19, 4), (20, 30))])
def test_growing_is_bilinear_with_black_around(shape: Sides, box: Sides) -> None:
    image = np.random.default_rng(4).integers(0, 256, shape).astype(np.uint8)
    step, margins = geometry(shape, box)
    half = Fraction(1, 2)
    places = [[float((place + half) * step - half - margin) for place in range(into)]
              for into, margin in zip(box, margins, strict=True)]  # fmt: skip
    expected = ndimage.map_coordinates(
        np.pad(image, 2).astype(float), np.array(np.meshgrid(*places, indexing="ij")) + 2, order=1, mode="constant"
    )
    assert np.abs(fit_into(image, box) - expected).max() <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("shape", "box"),
    [((61, 61), (20, 20)), ((21, 20), (20, 20)), ((40, 30), (20, 20)), ((37, 13), (20, 20)), ((50, 80), (7, 9))],
)
def test_shrinking_is_the_mean_of_the_area(shape: Sides, box: Sides) -> None:
    image = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
    step, margins = geometry(shape, box)
    shares = [
        [[max(Fraction(0), min((out + 1) * step, place + margin + 1) - max(out * step, place + margin)) for place in range(side)]
         for out in range(into)]
        for side, into, margin in zip(shape, box, margins, strict=True)
    ]  # fmt: skip
    expected = np.zeros(box, np.uint8)
    for row, down in enumerate(shares[0]):
        for column, across in enumerate(shares[1]):
            parts = [a * b * int(image[y, x]) for y, a in enumerate(down) if a for x, b in enumerate(across) if b]
            expected[row, column] = floor(sum(parts, Fraction()) / step**2 + Fraction(1, 2))
    assert np.array_equal(fit_into(image, box), expected)


@pytest.mark.parametrize(("side", "into"), [(100, 20), (56, 28), (280, 28)])
def test_a_square_shrinks_as_pillow_shrinks_it(side: int, into: int) -> None:
    image = np.random.default_rng(6).integers(0, 256, (side, side)).astype(np.uint8)
    pillow = np.asarray(Image.fromarray(image).resize((into, into), Image.Resampling.BOX)).astype(int)
    # Pillow rounds after each axis.
    assert np.abs(fit_into(image, (into, into)) - pillow).max() <= 1


@pytest.mark.parametrize("shape", [(20, 20), (20, 7), (20, 8), (3, 20), (1, 20)])
def test_scale_one_changes_nothing_but_the_place(shape: Sides) -> None:
    image = np.random.default_rng(8).integers(0, 256, shape).astype(np.uint8)
    top, left = ((20 - side) // 2 for side in shape)
    assert np.array_equal(fit_into(image, (20, 20))[top : top + shape[0], left : left + shape[1]], image)
