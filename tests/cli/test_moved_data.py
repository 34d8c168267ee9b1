"""Data of a run that are not where the training found them: what is said, and how the run gets them back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.errors import DatasetError
from convscope.runs import run_folder


@pytest.fixture
def moved(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder ``elsewhere`` to work in, beside the run ``run`` and the data ``new/digits.npz`` of no test split."""
    (tmp_path / "old").mkdir()
    monkeypatch.chdir(tmp_path / "old")
    np.savez("digits.npz", x=digits.train.images[:300], y=digits.train.labels[:300])
    convscope.train("digits.npz", model="logistic", epochs=1, report=False, out=tmp_path / "run", test_share=0.3)
    (tmp_path / "old").rename(tmp_path / "new")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


VERBS = [("evaluate", "--accuracy", "0.5"), ("evaluate", "--thorough"), ("audit",), ("mistakes",)]


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_the_message_names_the_folder_and_the_option(
    verb: tuple[str, ...], moved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb[0], "../run", *verb[1:]]) == 1
    errors = capsys.readouterr().err
    assert "the data of the run, 'digits.npz', are not in the current folder. Work where the run was trained" in errors
    assert "--data-at PATH" in errors
    assert (verb[0] == "mistakes") != (f"(current folder: {str(moved / 'elsewhere')!r})" in errors)


@pytest.mark.slow
@pytest.mark.rows(6)
@pytest.mark.parametrize("place", ["../new/digits.npz", None])
@pytest.mark.parametrize("verb", [*VERBS, ("export",), ("report",)])
def test_the_new_place_is_as_good_as_the_old_one(
    verb: tuple[str, ...], place: str | None, moved: Path, no_figures: None
) -> None:
    place = place or str(moved / "new" / "digits.npz")
    assert main([verb[0], "../run", *verb[1:], "--data-at", place, "--quiet"]) == 0
    run_folder.verify(moved / "run")


def test_a_page_made_elsewhere_names_no_folder_of_this_machine(moved: Path, no_figures: None) -> None:
    page = convscope.report("../run").read_text("utf-8")
    assert "are not in the current folder" in page
    assert str(moved) not in page


def test_moved_data_are_still_the_runs_own(moved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else all of them would be test images, those included that the run was trained on."""
    assert main(["evaluate", "../run", "../new/digits.npz"]) == 0
    assert "the 90 test images of the run's own data" in capsys.readouterr().out


def test_a_place_with_other_data_is_refused(moved: Path, digits: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez("other.npz", x=digits.test.images, y=digits.test.labels)
    assert main(["export", "../run", "--data-at", "other.npz"]) == 1
    assert "'other.npz' holds other images or labels than the network was trained on" in capsys.readouterr().err
    assert main(["export", "../run", "--data-at", "nowhere"]) == 1
    with pytest.raises(DatasetError, match="holds other images"):
        convscope.load_run("../run", data="other.npz")


def test_python_opens_a_run_with_its_data_at_another_place(moved: Path) -> None:
    run = convscope.load_run("../run", data="../new/digits.npz")
    assert len(run.dataset.test) == 90
    with pytest.raises(DatasetError, match="current folder"):
        _ = convscope.load_run("../run").dataset


@pytest.mark.slow
def test_an_absolute_place_is_named_as_it_is(moved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(moved)
    convscope.train(moved / "new" / "digits.npz", model="logistic", epochs=1, report=False, out="second")
    (moved / "new").rename("newer")
    with pytest.raises(DatasetError, match=r"not at '/.*digits.npz' any more. Say where the data are now with data=PATH"):
        _ = convscope.load_run("second").dataset
