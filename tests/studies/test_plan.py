"""What can be asked of a study, and what is refused before any work starts."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.errors import ConfigError
from convscope.studies.plan import StudyPlan, make_plan, searched, with_training_images, without_test_split
from convscope.training.recipes import sprint

ASKED: dict[str, Any] = {
    "models": ["logistic", "ann"], "recipes": ["sprint"], "epochs": None, "seeds": 3, "sizes": None, "search": None,
}  # fmt: skip


def plan(dataset: Dataset, **changes: Any) -> StudyPlan:
    return make_plan(dataset, **{**ASKED, **changes})


def test_every_combination_is_there_once(digits: Dataset) -> None:
    cells = list(plan(digits, recipes=["sprint", "standard"], sizes=[100, "all"]).run_specs())
    names = {spec.run_name("digits") for spec in cells}
    assert len(names) == len(cells) == 2 * 2 * 2 * 3
    assert {"digits-ann-standard-100-2", "digits-logistic-sprint-0"} <= names


def test_a_stopped_study_has_whole_seeds_first(digits: Dataset) -> None:
    assert [spec.seed for spec in plan(digits).run_specs()] == [0, 0, 1, 1, 2, 2]


def test_a_size_as_large_as_the_split_is_the_whole_split(digits: Dataset) -> None:
    assert plan(digits, sizes=[len(digits.train), "all", 50]).sizes == (50, None)
    assert plan(digits, sizes=[500, 50]).largest == 500


def test_seeds_are_counted_or_named(digits: Dataset) -> None:
    assert plan(digits, seeds=2).seeds == (0, 1)
    assert plan(digits, seeds=[7, 3]).seeds == (7, 3)


def test_epochs_hold_for_every_recipe(digits: Dataset) -> None:
    assert {each.config.epochs for each in plan(digits, recipes=["sprint", "best"], epochs=2).configurations} == {2}


def test_each_size_gets_the_settings_that_the_recipe_has_for_it(mnist: Dataset) -> None:
    found = plan(mnist, models=["cnn"], recipes=["standard", "best"], sizes=[1000, 20_000, "all"], seeds=1)
    epochs = {(spec.configuration.recipe, spec.size): spec.configuration.config.epochs for spec in found.run_specs()}
    assert epochs == {
        **{("standard", size): number for size, number in ((1000, 20), (20_000, 12), (None, 4))},
        **{("best", size): 20 for size in (1000, 20_000, None)},
    }
    assert found.request()["recipes"]["standard"]["epochs"] == 4
    (own,) = plan(mnist, models=["cnn"], recipes=["standard"], sizes=[1000, "all"], seeds=1, epochs=2).configurations
    assert own.at(1000).config.epochs == own.config.epochs == 2


def test_a_setting_for_uneven_classes_holds_for_every_recipe(digits: Dataset) -> None:
    chosen = plan(digits, recipes=["sprint", "standard"], balance="prior").configurations
    assert {each.config.balance for each in chosen} == {"prior"}


def test_the_request_is_json_and_says_everything_that_decides(digits: Dataset) -> None:
    request = plan(digits, sizes=[50, "all"]).request()
    assert json.loads(json.dumps(request))["sizes"] == [50, "all"]
    assert request["recipes"]["sprint"] == sprint().as_dict()
    for changes in (
        {"models": ["cnn"]},
        {"seeds": 4},
        {"search": 3},
        {"epochs": 3},
        {"recipes": ["standard"]},
        {"sizes": [60]},
    ):
        assert plan(digits, **changes).request() != plan(digits).request()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": []}, r"models .*\[\]"),
        ({"models": "cnn"}, "models .*'cnn'"),
        ({"models": ["cnn", "cnn"]}, "models .*cnn, cnn"),
        ({"recipes": ["sprnt"]}, "'sprnt'"),
        ({"seeds": 0}, "seeds .*1 to 1,000.*0"),
        ({"seeds": True}, "seeds .*True"),
        ({"seeds": [1, 1]}, r"seeds .*\[1, 1\]"),
        ({"seeds": [-1]}, r"seeds .*\[-1\]"),
        ({"sizes": [5]}, r"20 \(2 of each class\) to 1,438.*'all'.*5"),
        ({"sizes": [10_000]}, "1,438.*10000"),
        ({"sizes": ["most"]}, "1,438.*'most'"),
        ({"search": 0}, "search .*1 to 10,000.*0"),
        ({"epochs": 0}, "epochs.*0"),
        ({"seeds": 1000, "sizes": [20, 30, 40, 50, 60, 70]}, "10,000.*12,000"),
        ({"recipes": [dataclasses.replace(sprint(), recipe="../x")]}, "'../x'"),
    ],
)
def test_an_impossible_plan_is_refused_with_the_offending_value(digits: Dataset, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        plan(digits, **changes)


def test_what_a_search_found_has_a_name_of_its_own(digits: Dataset) -> None:
    first = plan(digits).configurations[0]
    assert searched(first, dataclasses.replace(first.config, learning_rate=0.1)).name == "logistic-sprint-searched"


def test_a_smaller_training_set_is_stratified_and_decided_by_the_seed(digits: Dataset) -> None:
    part = with_training_images(digits, 200, seed=1)
    again, other = with_training_images(digits, 200, seed=1), with_training_images(digits, 200, seed=2)
    share = np.bincount(digits.train.labels) / len(digits.train)
    assert len(part.train) == 200
    assert np.abs(np.bincount(part.train.labels) - 200 * share).max() <= 1
    assert part.fingerprint == again.fingerprint != other.fingerprint
    assert part.test is digits.test
    assert "200 of 1,438" in part.provenance.notes[-1]
    assert with_training_images(digits, None, seed=1) is digits


def test_with_one_seed_smaller_sets_are_subsets_of_larger_ones(digits: Dataset) -> None:
    small, large = (
        {image.tobytes() for image in with_training_images(digits, size, seed=5).train.images} for size in (100, 400)
    )
    assert small <= large


def test_a_search_gets_no_test_split(digits: Dataset) -> None:
    blind = without_test_split(digits)
    assert len(blind.test) == 1
    assert np.array_equal(blind.test.images[0], digits.train.images[0])
    assert blind.train is digits.train
