from __future__ import annotations

import dataclasses

import pytest

from convscope.errors import ConfigError
from convscope.training.augmentation import Augmentation
from convscope.training.config import MIN_BATCH, TrainConfig
from convscope.training.recipes import RECIPES, best, find_recipe, notebook, standard


def test_the_recipe_notebook_is_the_original_to_the_letter() -> None:
    config = notebook()
    assert (config.epochs, config.batch_size, config.learning_rate) == (10, 128, 0.001)
    assert (config.beta_1, config.beta_2, config.schedule) == (0.9, 0.999, "constant")
    assert (config.validation, config.augmentation, config.drop_remainder) == ("test", Augmentation(), False)


def test_only_the_notebook_validates_on_the_test_split() -> None:
    assert {name for name, recipe in RECIPES.items() if recipe().validation == "test"} == {"notebook"}


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_carries_its_own_name_and_describes_itself(name: str) -> None:
    assert find_recipe(name).recipe == name
    assert RECIPES[name].__doc__


def test_a_misspelt_recipe_is_met_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="'standard'"):
        find_recipe("standart")


@pytest.mark.parametrize(
    ("field", "value"),
    [("epochs", 0), ("epochs", -3), ("batch_size", 0), ("learning_rate", 0.0), ("warm_up", 1.0), ("validation_fraction", 0.0),
     ("weight_decay", -0.1), ("max_validation_images", 0), ("final_epochs_less_augmented", -1), ("label_smoothing", 1.0)],
)  # fmt: skip
def test_settings_out_of_range_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"{field}.*{value}"):
        dataclasses.replace(standard(), **{field: value})


@pytest.mark.parametrize("epochs", [1.5, "3", True])
def test_epochs_of_another_type_are_refused(epochs: object) -> None:
    with pytest.raises(ConfigError, match=f"epochs.*{epochs!r}"):
        standard().with_epochs(epochs)  # type: ignore[arg-type]


def test_small_sets_get_small_batches() -> None:
    config: TrainConfig = standard()
    assert config.batch_size_for(55_000) == config.batch_size == 96
    assert config.batch_size_for(1_300) == 16
    assert config.repeats_per_epoch(1_300) == 1


@pytest.mark.parametrize("num_images", [3, 10, 117, 640])
def test_very_small_sets_are_gone_through_until_there_are_steps_enough_of_batches_that_can_be_normalised(
    num_images: int,
) -> None:
    config = standard()
    images, batch = num_images * config.repeats_per_epoch(num_images), config.batch_size_for(num_images)
    assert batch >= MIN_BATCH
    assert config.min_steps_per_epoch <= images // batch <= 2 * config.min_steps_per_epoch
    assert notebook().repeats_per_epoch(num_images) == 1
    assert notebook().batch_size_for(num_images) == min(128, num_images)


def test_no_more_is_held_out_than_is_of_use() -> None:
    config = standard()
    assert config.validation_share(1_200) == config.validation_fraction
    assert round(config.validation_share(60_000) * 60_000) == config.max_validation_images


def test_augmentation_settles_in_the_last_epochs() -> None:
    config = dataclasses.replace(best(), epochs=5, final_epochs_less_augmented=2)
    turned = [config.augmentation_in(epoch).rotation / config.augmentation.rotation for epoch in range(5)]
    assert turned == pytest.approx([1, 1, 1, 0.3, 0.3])


def test_one_cycle_rises_to_its_peak_and_falls_to_nothing() -> None:
    config = standard()
    rates = [config.rate_at(step, 1000) for step in range(1000)]
    assert rates[0] > 0
    assert max(rates) == pytest.approx(config.learning_rate, rel=0.005)
    peak = round(1000 * config.warm_up)
    assert rates.index(max(rates)) in {peak - 1, peak}
    assert 0 < rates[-1] < 0.001 * config.learning_rate
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_a_constant_rate_stays() -> None:
    assert {notebook().rate_at(step, 10) for step in range(10)} == {0.001}
