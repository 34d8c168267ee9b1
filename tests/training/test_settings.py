from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.errors import ConfigError
from convscope.training.config import SETTINGS, find_setting, parse_settings
from convscope.training.recipes import RECIPES, changed_settings, find_recipe, standard


def test_every_setting_of_every_recipe_can_be_set_to_its_own_value_from_text() -> None:
    for recipe in RECIPES:
        config = find_recipe(recipe)
        values = {**config.as_dict(), **config.as_dict()["augmentation"]}
        assert set(SETTINGS) == set(values) - {"recipe", "augmentation"}
        texts = [f"{name}={values[name]}" for name in SETTINGS if values[name]]
        assert config.with_settings({**parse_settings(texts), "shrink_batches": True}) == config


@pytest.mark.parametrize(
    ("text", "value"),
    [("batch_size= 64", 64), ("learning_rate=3e-3", 0.003), ("flip=Yes", True), ("drop_remainder=0", False),
     ("optimizer=adamw", "adamw"), ("label_smoothing=0", 0.0)],
)  # fmt: skip
def test_a_text_becomes_a_value_of_the_type_of_the_setting(text: str, value: object) -> None:
    (found,) = parse_settings([text]).values()
    assert (found, type(found)) == (value, type(value))


def test_of_several_values_of_a_setting_the_last_counts() -> None:
    assert parse_settings(["beta_1=0.5", "beta_1=0.6"]) == {"beta_1": 0.6}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lerning_rate=1", "lerning_rate.*Did you mean 'learning_rate'.*batch_size.*flip.*warm_up"),
        ("lr=0.1", "'lr' is unknown. Did you mean 'learning_rate'"),
        ("Batch-Size=8", "Did you mean 'batch_size'"),
        ("augmentation=none", "Choose one of: .*rotation.*shift"),
        ("recipe=best", "setting 'recipe' is unknown"),
        ("=3", "setting '' is unknown"),
        ("label_smoothing", "NAME=VALUE.*'label_smoothing'"),
        ("batch_size=1.5", "batch_size must be a whole number of at least 1; got '1.5'"),
        ("batch_size=", "batch_size.*got ''"),
        ("batch_size=0", "batch_size.*got 0"),
        ("learning_rate=inf", "learning_rate must be more than 0; got inf"),
        ("beta_2=nan", "beta_2.*less than 1; got nan"),
        ("label_smoothing=5%", "label_smoothing.*'5%'"),
        ("optimizer=sgd", "optimizer must be adam or adamw; got 'sgd'"),
        ("flip=maybe", "flip must be true or false; got 'maybe'"),
        ("shift=0.5", r"shift.*less than 0\.5; got 0\.5"),
        ("min_steps_per_epoch=1000000000", "min_steps_per_epoch.*10,000"),
    ],
)
def test_what_makes_no_sense_is_met_with_what_is_accepted(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_settings([text])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", "64"),
        ("batch_size", 64.0),
        ("batch_size", True),
        ("flip", 1),
        ("learning_rate", None),
        ("optimizer", 3),
    ],
)
def test_python_gives_values_of_the_right_type(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{name} must be"):
        standard().with_settings({name: value})


def test_numbers_of_numpy_become_plain_ones() -> None:
    config = standard().with_settings({"batch_size": np.int64(32), "learning_rate": np.float32(0.5)})
    assert [type(each) for each in (config.batch_size, config.learning_rate)] == [int, float]


@pytest.mark.parametrize(
    ("changes", "needed"),
    [({"weight_decay": 0.1}, "optimizer is adamw"), ({"schedule": "constant", "warm_up": 0.1}, "schedule is one-cycle"),
     ({"validation": "test", "validation_fraction": 0.2}, "validation is held-out")],
)  # fmt: skip
def test_a_setting_without_an_effect_is_refused(changes: dict[str, Any], needed: str) -> None:
    with pytest.raises(ConfigError, match=needed):
        standard().with_settings(changes)


def test_a_setting_comes_with_the_one_that_it_needs() -> None:
    config = standard().with_settings({"weight_decay": 0.1, "optimizer": "adamw"})
    assert (config.weight_decay, config.optimizer) == (0.1, "adamw")


@pytest.mark.parametrize("num_images", [5, 60, 366, 1_300, 60_000])
@pytest.mark.parametrize("batch_size", [2, 7, 64, 100_000])
def test_a_chosen_batch_size_is_used_and_the_steps_stay_as_many(num_images: int, batch_size: int) -> None:
    config = standard().with_settings({"batch_size": batch_size})
    batch, repeats = config.batch_size_for(num_images), config.repeats_per_epoch(num_images)
    assert batch == min(batch_size, max(num_images, 8))
    assert num_images * repeats // batch >= config.min_steps_per_epoch
    assert num_images * (repeats - 1) // batch < config.min_steps_per_epoch


def test_a_batch_of_one_image_has_no_statistics() -> None:
    with pytest.raises(
        ConfigError, match=r"batch_size must be at least 2 for batch_normalization.*batch_normalization=False"
    ):
        standard().with_settings({"batch_size": 1})
    assert standard().with_settings({"batch_size": 1, "batch_normalization": False}).batch_size_for(100) == 1


def test_only_what_differs_from_the_recipe_is_named() -> None:
    assert changed_settings(standard().as_dict()) == {}
    assert changed_settings(standard().with_settings({"batch_size": 32, "flip": True}).as_dict()) == {
        "batch_size": 32, "flip": True,
    }  # fmt: skip
    earlier = {name: value for name, value in standard().as_dict().items() if name != "shrink_batches"}
    assert changed_settings({**earlier, "augmentation": {"shift": 0.0}}) == {"shift": 0.0}
    assert changed_settings({**earlier, "recipe": "mine"}) is None


def test_a_setting_knows_its_type() -> None:
    assert find_setting("epochs").kind is int
    assert find_setting("optimizer").accepted == "adam or adamw"
