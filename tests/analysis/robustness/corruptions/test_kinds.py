"""Properties of every corruption, and of the function that applies them."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.analysis.robustness.background import Background, background_of
from convscope.analysis.robustness.corruptions.kinds import KINDS, STRENGTHS, corrupt
from convscope.data.dataset import Dataset
from convscope.errors import ConfigError
from convscope.types import Images

BLACK, PHOTO = Background((0,)), Background(None)
MOVES = ("shear", "scale", "rotate", "translate", "glass_blur", "motion_blur")
"""What only moves light about: it leaves an image of one colour as it is."""


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> Images:
    return mnist.test.images[:120]


def test_the_kinds_are_those_of_mnist_c_at_five_strengths() -> None:
    assert len(KINDS) == 15
    assert all(len(kind.strengths) == STRENGTHS == 5 for kind in KINDS.values())


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (20, 33, 3), (64, 64, 3), (3, 5, 1), (1, 1, 1)])
def test_images_of_any_small_size_and_colour_keep_shape_and_type(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8)
    for kind in KINDS:
        for background in (PHOTO, Background((0,) * shape[2]), Background((255,) * shape[2])):
            for strength in (1, 3, 5):
                changed = corrupt(images, kind, strength, background=background)
                assert (changed.shape, changed.dtype) == (images.shape, np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_corruption_of_an_image_does_not_depend_on_the_others(kind: str, images: Images) -> None:
    chosen = np.array([3, 50, 119])
    for strength in (1, 5):
        whole = corrupt(images, kind, strength, background=BLACK, seed=4)
        part = corrupt(images[chosen], kind, strength, background=BLACK, indices=chosen, seed=4)
        np.testing.assert_array_equal(whole[chosen], part)


def test_the_input_is_not_modified(images: Images) -> None:
    before = images.copy()
    for kind in KINDS:
        corrupt(images[:5], kind, 5, background=BLACK)
    np.testing.assert_array_equal(images, before)


def test_another_seed_changes_random_corruptions(images: Images) -> None:
    fixed = {"scale", "brightness", "stripe", "canny_edges"}
    for kind in KINDS:
        one, other = (corrupt(images, kind, 3, background=BLACK, seed=seed) for seed in (0, 1))
        assert np.array_equal(one, other) == (kind in fixed), kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_greater_strength_changes_an_image_more(kind: str, images: Images) -> None:
    def distance(strength: int) -> float:
        changed = corrupt(images, kind, strength, background=BLACK)
        return float(np.abs(changed.astype(float) - images).mean())

    distances = [distance(strength) for strength in range(1, STRENGTHS + 1)]
    # Edges of strengths 4 and 5 come from blurrier images: fewer lines, but no larger difference in grey levels.
    wanted = distances[:3] if kind == "canny_edges" else distances
    assert wanted == sorted(wanted)
    assert wanted[-1] > 1.2 * wanted[0]


@pytest.mark.parametrize("kind", MOVES)
def test_blurs_and_affine_maps_leave_a_uniform_image_unchanged(kind: str) -> None:
    """Photos repeat their edges, so no black margin appears; otherwise the background fills in."""
    photos = np.full((4, 16, 16, 3), (200, 60, 90), np.uint8)
    for background in (PHOTO, Background((200, 60, 90))):
        np.testing.assert_allclose(corrupt(photos, kind, 5, background=background), photos, atol=1)


@pytest.mark.parametrize("kind", ["shear", "rotate", "translate", "scale", "dotted_line", "zigzag", "canny_edges"])
def test_corrupting_the_inverted_image_equals_inverting_the_corrupted_one(kind: str, images: Images) -> None:
    dark = corrupt(images, kind, 3, background=BLACK)
    light = corrupt(255 - images, kind, 3, background=background_of(255 - images))
    np.testing.assert_allclose(255 - light, dark, atol=1)


def test_unknown_kinds_and_strengths_are_rejected(images: Images) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'shot_noise'"):
        corrupt(images, "shot_nose", 1, background=BLACK)
    with pytest.raises(ConfigError, match="strength .*1 to 5"):
        corrupt(images, "fog", 6, background=BLACK)
