"""The votes of other seeds on the test images of a run, on a real study."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.cli.main import main
from convscope.errors import ConfigError, RunError
from convscope.runs import opening, run_folder, store
from convscope.runs.files import METRICS, REQUEST
from convscope.runs.seed_votes import VOTES, seed_votes
from convscope.system.arrays import load_arrays
from convscope.system.files import write_json

from ..api.test_study import undisturbed  # type: ignore[import-not-found]  # noqa: F401

pytestmark = pytest.mark.slow
SEED, SEEDS = 2, 5


@pytest.fixture
def study(undisturbed: Path, tmp_path: Path) -> Path:  # noqa: F811
    """A finished study of two networks and five seeds, which a test may change."""
    return Path(shutil.copytree(undisturbed, tmp_path / "study"))


def run_in(study: Path, seed: int = SEED) -> Path:
    return study / "runs" / f"digits-ann-sprint-{seed}"


def answers_of_others(study: Path) -> Any:
    """(4, n)"""
    return np.stack([load_arrays(run_in(study, seed) / "predictions.npz")["logits"].argmax(axis=1) for seed in range(SEEDS)
                     if seed != SEED])  # fmt: skip


def page_of(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_a_run_in_its_studys_folder_finds_the_other_seeds_by_itself(study: Path) -> None:
    answers = answers_of_others(study)
    found = convscope.mistakes(run_in(study))
    assert found
    for each in found:
        assert each.votes.tolist() == np.bincount(answers[:, each.index], minlength=10).tolist()
        same = int((answers[:, each.index] == each.labels[1]).sum())
        reason = next(part for part in each.triage.evidence if "other seeds" in part)
        assert re.search(rf"\b{same or '(none|0)'}\b.*\b4 other seeds", reason, re.IGNORECASE)


def test_a_seed_that_is_named_as_well_has_one_vote_wherever_it_lies(study: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(run_in(study, 0), tmp_path / "moved"))
    expected = [each.votes.tolist() for each in convscope.mistakes(run_in(study))]
    for others in ([run_in(study, 1)], [moved, run_in(study, 3)]):
        assert [each.votes.tolist() for each in convscope.mistakes(run_in(study), others=others)] == expected
    shutil.rmtree(run_in(study, 4))  # no run that is named can be this one
    assert [each.votes.tolist() for each in convscope.mistakes(run_in(study), others=[moved])] == expected
    with pytest.raises(ConfigError, match="given twice"):
        convscope.mistakes(run_in(study), others=[moved, run_in(study, 0)])


def test_its_report_has_them_in_metrics_and_page(study: Path, no_figures: None) -> None:
    run = run_in(study)
    page = convscope.report(run).read_text("utf-8")
    told = opening.read_json(run_folder.verify(run) / METRICS)["mistakes"]
    assert told["votes"] == {"study": str(Path("..", "..")), "seeds": [0, 1, 3, 4]}
    answers = answers_of_others(study)
    for each in told["list"]:
        counts = np.bincount(answers[:, each["index"]], minlength=10)
        assert each["votes"] == [[label, counts[label]] for label in np.flatnonzero(counts)]
    assert page_of(page)["metrics"]["mistakes"] == told
    before = (run / METRICS).read_bytes()
    (study / VOTES).unlink()
    convscope.report(run)  # what was told once stays
    assert (run / METRICS).read_bytes() == before


def test_a_run_elsewhere_is_given_the_study_and_remembers_it(
    study: Path, tmp_path: Path, no_figures: None, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(run_in(study), tmp_path / "elsewhere" / "run"))
    assert not any(each.votes.any() for each in convscope.mistakes(run))
    assert main(["mistakes", str(run), "--study", str(study), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["mistakes"]
    answers = answers_of_others(study)
    assert [each["votes_for_prediction"] for each in listed] == [
        int((answers[:, each["index"]] == int(each["predicted"])).sum()) for each in listed
    ]
    told = opening.read_json(run_folder.verify(run) / METRICS)["mistakes"]["votes"]
    assert told == {"study": str(Path("..", "..", "study")), "seeds": [0, 1, 3, 4]}
    assert "other seeds" in (run / "report.html").read_text("utf-8")
    assert all(each.votes.sum() == 4 for each in convscope.mistakes(run))


def test_a_seed_that_the_study_lacks_gets_the_votes_of_all_its_seeds(study: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(run_in(study), tmp_path / "elsewhere" / "run"))
    request = opening.read_json(run / REQUEST)
    write_json(run / REQUEST, {**request, "seed": 77})
    found = seed_votes(store.load_record(run), run, study)
    assert found is not None
    assert found.seeds == (0, 1, 2, 3, 4)
    assert (found.counts.sum(axis=1) == 5).all()


def test_a_folder_without_a_study_or_such_runs_is_refused(study: Path, digits_run: convscope.Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="votes.npz"):
        convscope.mistakes(digits_run, study=tmp_path)
    with pytest.raises(ConfigError, match="cnn-standard"):
        convscope.mistakes(digits_run, study=study)
    run = run_in(study)
    (study / VOTES).write_bytes(b"x")
    with pytest.raises(RunError, match="votes.npz"):
        convscope.mistakes(run, study=study)
    assert not any(each.votes.any() for each in convscope.mistakes(run))  # the study was not named, so it is skipped
