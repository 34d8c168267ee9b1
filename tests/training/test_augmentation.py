from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from convscope.errors import ConfigError
from convscope.training.augmentation import Augmentation, draw_warps, in_words, parse_augmentation
from convscope.training.recipes import RECIPES, standard


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_no_warp_exceeds_its_limits_and_the_centre_stays_unless_shifted() -> None:
    maps = draw_warps(Augmentation(rotation=10, scaling=0.1), (28, 28, 1), 5000, generator()).astype(float)
    scales = np.hypot(maps[:, 0], maps[:, 3])
    angles = np.rad2deg(np.arctan2(maps[:, 3], maps[:, 0]))
    assert scales.min() >= 0.9
    assert scales.max() <= 1.1
    assert 9.9 < np.abs(angles).max() <= 10.0001
    centre = np.array([13.5, 13.5, 1])
    assert np.allclose(maps[:, :3] @ centre, 13.5, atol=1e-4)
    assert np.allclose(maps[:, 3:6] @ centre, 13.5, atol=1e-4)


def test_a_flip_mirrors_half_of_the_images_and_moves_nothing_else() -> None:
    turned = Augmentation(shift=0.1, rotation=20, scaling=0.2, shear=0.2)
    plain, flipped = (draw_warps(each, (20, 30, 3), 2000, generator()) for each in (turned, replace(turned, flip=True)))
    mirrored = np.any(plain != flipped, axis=1)
    assert 900 < mirrored.sum() < 1100
    new_place = np.array([4, 7, 1])  # x, y of the new image; its mirror image is read where the plain one is
    for start in (0, 3):
        found = flipped[mirrored, start : start + 3] @ new_place
        assert found == pytest.approx(plain[mirrored, start : start + 3] @ np.array([29 - 4, 7, 1]), abs=1e-4)


def test_a_flip_with_shifts_stays_on_whole_pixels() -> None:
    maps = draw_warps(Augmentation(shift=0.1, flip=True), (20, 30, 3), 500, generator())
    assert np.array_equal(maps, np.round(maps))
    assert set(maps[:, 0]) == {-1, 1}
    assert (maps[:, 5].min(), maps[:, 5].max()) == (-2, 2)


def test_less_augmentation_still_flips() -> None:
    assert Augmentation(rotation=10, flip=True).times(0.3) == Augmentation(rotation=3, flip=True)
    assert Augmentation(rotation=100).times(9).rotation < 180


def test_shifts_grow_with_the_image() -> None:
    shift = Augmentation(shift=1 / 14)
    assert [shift.pixels(shape) for shape in ((28, 28, 1), (64, 96, 3), (8, 8, 1))] == [2, 5, 1]
    assert shift.describe((28, 28, 1)) == {"shift": 2}


def test_no_recipe_turns_images_so_far_that_a_class_becomes_another() -> None:
    assert all(recipe().augmentation.rotation <= 15 for recipe in RECIPES.values())


def test_what_the_user_asks_for_changes_what_the_recipe_does() -> None:
    default = standard().augmentation
    assert parse_augmentation("none", default) == Augmentation()
    for text in ("flip=yes", "flip"):
        assert parse_augmentation(text, default) == replace(default, flip=True)
    assert parse_augmentation("rotation=0, shift=0.2", default) == Augmentation(
        shift=0.2, rotation=0, scaling=default.scaling, shear=default.shear
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("rotatoin=3", "'rotation'"),
        ("rotation=much", "rotation.*180.*much"),
        ("rotation", "rotation=0.1"),
        ("flip=0.5", "flip.*true or false.*0.5"),
        ("shift=0.7", r"shift.*0\.5.*0\.7"),
        ("shift=-1", r"shift.*-1"),
        ("shift=nan", "shift.*nan"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, value: str) -> None:
    with pytest.raises(ConfigError, match=value):
        parse_augmentation(text, Augmentation())


def test_a_description_holds_what_is_done_and_nothing_else(gold: Callable[[str, str], None]) -> None:
    assert in_words(Augmentation().describe((28, 28, 1))) == ""
    described = [
        in_words(augmentation.describe((28, 28, 1)))
        for augmentation in (
            Augmentation(shift=1 / 28),
            Augmentation(shift=1 / 14),
            Augmentation(rotation=8, scaling=0.1),
            Augmentation(shift=0.1, rotation=15, scaling=0.15, shear=0.2),
            Augmentation(shift=0.1, flip=True),
        )
    ]
    assert [re.findall(r"[\d.]+", each) for each in described] == [
        ["1"],
        ["2"],
        ["8", "10"],
        ["2.8", "15", "15", "20"],
        ["3"],
    ]
    gold("training/augmentation", "\n".join(described))
