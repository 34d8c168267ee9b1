"""The search for better settings: its journal, its space, and what it may not look at."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convscope.data.dataset import Dataset
from convscope.errors import MissingExtraError
from convscope.studies.hyperparameter_search import Search, Trial, require_optuna, run_trial, search_seed
from convscope.studies.plan import Configuration
from convscope.system.installation import pip_line
from convscope.training.config import TrainConfig
from convscope.training.recipes import notebook, sprint, standard


def measured(config: TrainConfig, bounds: tuple[float, ...]) -> Trial:
    """A bowl around a learning rate of 0.004 in place of a training."""
    final = 0.1 + math.log(config.learning_rate / 0.004) ** 2 + config.label_smoothing
    losses = []
    for epoch in range(config.epochs):
        losses.append(final * (1 + (config.epochs - 1 - epoch)))
        if epoch < min(len(bounds), config.epochs - 1) and losses[-1] > bounds[epoch]:
            return Trial(tuple(losses), tuple(1 / (1 + loss) for loss in losses), True)
    return Trial(tuple(losses), tuple(1 / (1 + loss) for loss in losses), False)


def search(folder: Path, trials: int, config: TrainConfig | None = None) -> Search:
    return Search(Configuration("cnn", "cnn", config or standard()), trials, 5, folder / "search.journal")


def go(searching: Search, number: int) -> list[TrainConfig]:
    tried = []
    for _ in range(number):
        config, bounds = searching.ask()
        searching.tell(measured(config, bounds))
        tried.append(config)
    return tried


@pytest.mark.slow
def test_the_first_trial_is_the_recipe_itself_and_the_best_is_no_worse(tmp_path: Path) -> None:
    searching = search(tmp_path, 12)
    tried = go(searching, 12)
    found, config = searching.best()
    assert tried[0] == standard()
    assert found.trials == 12
    assert found.base_loss == pytest.approx(measured(standard(), ()).losses[-1])
    assert found.validation_loss < found.base_loss
    assert measured(config, ()).losses[-1] == pytest.approx(found.validation_loss)
    assert found.pruned > 0


@pytest.mark.slow
def test_a_search_that_was_cut_off_comes_to_the_same_end(tmp_path: Path) -> None:
    whole = search(tmp_path, 12)
    tried = go(whole, 12)
    (tmp_path / "again").mkdir()
    cut = search(tmp_path / "again", 12)
    before = go(cut, 9)
    cut.ask()  # under way when the study is stopped
    resumed = search(tmp_path / "again", 12)
    assert len(resumed.finished) == 9
    assert before + go(resumed, 3) == tried
    assert resumed.best() == whole.best()


def test_where_nothing_is_better_the_recipe_stays(tmp_path: Path) -> None:
    searching = search(tmp_path, 1)
    go(searching, 1)
    found, config = searching.best()
    assert found.setting == {}
    assert config == standard()


def test_no_trial_is_given_up_before_there_is_something_to_compare_with(tmp_path: Path) -> None:
    searching = search(tmp_path, 6)
    for _ in range(5):
        config, bounds = searching.ask()
        assert bounds == ()
        searching.tell(measured(config, bounds))
    assert len(searching.ask()[1]) == standard().epochs - 1


def test_what_a_recipe_does_without_is_not_varied(tmp_path: Path) -> None:
    searching = search(tmp_path, 3, sprint())
    for config in go(searching, 3):
        assert (config.weight_decay, config.augmentation, config.optimizer) == (0.0, sprint().augmentation, "adam")


def test_a_recipe_that_validates_on_the_test_split_holds_images_out_in_a_search(tmp_path: Path) -> None:
    assert {config.validation for config in go(search(tmp_path, 2, notebook()), 2)} == {"held-out"}


def test_the_searchs_seed_is_none_of_the_studys() -> None:
    assert search_seed([0, 1, 2]) == 3
    assert search_seed([2**32 - 1, 5]) not in (2**32 - 1, 5)


def test_without_optuna_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=re.escape(pip_line("study"))) as raised:
        require_optuna()
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_a_study_that_is_killed_in_its_search_comes_to_the_same_end(digits: Dataset, tmp_path: Path) -> None:
    folder, said = tmp_path / "study", tmp_path / "said"
    command = [sys.executable, "-m", "convscope", "study", "digits", "--models", "logistic", "--recipes", "sprint", "--seeds", "1",
               "--search", "3", "--workers", "1", "--out", str(folder)]  # fmt: skip
    with said.open("wb") as errors, subprocess.Popen(command, stderr=errors) as parent:
        deadline = time.monotonic() + 600
        while "trial 1 of 3" not in said.read_text("utf-8"):
            assert parent.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        parent.kill()
    again = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    assert "trial 1 of 3" not in again.stderr
    (found,) = json.loads((folder / "study-results.json").read_text("utf-8"))["searches"]
    # The same search in this process, never stopped.
    undisturbed = Search(Configuration("logistic", "logistic", sprint()), 3, search_seed([0]), tmp_path / "other.journal")
    for _ in range(3):
        config, bounds = undisturbed.ask()
        undisturbed.tell(run_trial(digits, undisturbed.configuration, config, undisturbed.seed, bounds))
    wanted = dataclasses.asdict(undisturbed.best()[0])
    assert found == {name: value if isinstance(value, str) else pytest.approx(value) for name, value in wanted.items()}
    resumed = Search(undisturbed.configuration, 3, undisturbed.seed, folder / "search.journal")
    assert [trial.params for trial in resumed.finished] == [trial.params for trial in undisturbed.finished]
    assert [trial.value for trial in resumed.finished] == pytest.approx([trial.value for trial in undisturbed.finished])


@pytest.mark.slow
def test_a_trial_does_not_depend_on_the_test_split(digits: Dataset) -> None:
    spoiled = dataclasses.replace(digits, test=digits.train.take(digits.train.labels[:5]))
    configuration = Configuration("logistic", "logistic", sprint())
    one, other = (run_trial(data, configuration, notebook().with_epochs(1), 1, ()) for data in (digits, spoiled))
    assert one == other
    assert len(one.losses) == 1
    given_up = run_trial(digits, configuration, sprint().with_epochs(3), 1, (0.0, 0.0))
    assert (len(given_up.losses), given_up.pruned) == (1, True)
