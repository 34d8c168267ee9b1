"""Cross-validation: folds against scikit-learn's, intervals against loops and a simulation, studies on real processes."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.model_selection import StratifiedKFold
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from convscope.analysis.statistics.seeds import mean_over_seeds
from convscope.api.study import study
from convscope.cli.main import main
from convscope.data.dataset import Dataset, Split
from convscope.data.load import load_dataset, reload_dataset
from convscope.errors import ConfigError, DatasetError, RunError
from convscope.runs import store
from convscope.runs.request import describe_request
from convscope.runs.seed_votes import REQUEST, RESULTS, seed_votes
from convscope.studies.comparisons import paired_t
from convscope.studies.folds import make_fold_results, to_json
from convscope.studies.outcomes import Outcome
from convscope.studies.plan import StudyPlan, make_plan
from convscope.training.recipes import standard

UNEVEN = (2, 3, 5, 17, 140)
"""Training images of each class."""


def uneven(counts: tuple[int, ...] = UNEVEN, groups: int | None = None) -> Dataset:
    """Squares, brighter by class; each ``groups`` images in turn are a group."""
    generator = np.random.default_rng(0)
    labels = generator.permutation(np.repeat(np.arange(len(counts)), counts))
    images = (labels * 40)[:, None, None, None] + generator.integers(0, 30, (len(labels), 8, 8, 1))
    of_group = None if groups is None else np.arange(len(labels)) // groups
    names = tuple(f"{number}.png" for number in range(len(labels)))
    known = Dataset.from_arrays(images.astype(np.uint8), labels, images[::2].astype(np.uint8), labels[::2], name="squares")
    return replace(known, train=Split(images.astype(np.uint8), labels, names, of_group))


def plan(dataset: Dataset, **changes: Any) -> StudyPlan:
    asked = {"models": ["logistic"], "recipes": ["sprint"], "epochs": None, "seeds": None, "sizes": None, "search": None}
    return make_plan(dataset, **{**asked, "folds": 2, **changes})


@pytest.mark.parametrize(("counts", "folds"), [(UNEVEN, 2), ((3, 4, 5, 90), 3), ((7, 7, 8), 7), ((10, 11, 101), 10)])
def test_folds_are_stratified_as_those_of_scikit_learn(counts: tuple[int, ...], folds: int) -> None:
    """The images of each class differ by at most one from fold to fold, and the sizes are those of ``StratifiedKFold``."""
    dataset = uneven(counts)
    parts = [spec.dataset(dataset) for spec in plan(dataset, folds=folds).run_specs()]
    ours = np.array([part.test.class_counts(len(counts)) for part in parts])
    labels = dataset.train.labels
    theirs = [np.bincount(labels[held], minlength=len(counts)) for _, held in StratifiedKFold(folds).split(labels, labels)]
    assert np.array_equal(np.sort(ours, axis=0), np.sort(np.array(theirs), axis=0))
    assert np.ptp(ours, axis=0).max() <= 1
    assert np.ptp(ours.sum(axis=1)) <= 1


def test_each_seed_holds_out_every_training_image_once_and_no_test_image() -> None:
    dataset = uneven()
    specs = list(plan(dataset, seeds=2).run_specs())
    assert [(spec.seed, spec.fold) for spec in specs] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert [spec.run_name("squares") for spec in specs][1] == "squares-logistic-sprint-0-fold2"
    for seed in (0, 1):
        parts = [spec.dataset(dataset) for spec in specs if spec.seed == seed]
        for part in parts:
            assert {*part.train.names} | {*part.test.names} == {*dataset.train.names}
            assert {*part.train.names} & {*part.test.names} == set()
        assert sorted(name for part in parts for name in part.test.names) == sorted(dataset.train.names)
    assert [*specs[0].dataset(dataset).test.names] != [*specs[2].dataset(dataset).test.names]
    assert all(np.array_equal(spec.test_labels(dataset), spec.dataset(dataset).test.labels) for spec in specs)


def test_the_data_of_a_run_on_a_part_of_them_are_not_said_to_have_changed() -> None:
    digits = load_dataset("digits")
    for changes in ({"folds": 2}, {"folds": None, "sizes": [100]}):
        spec = next(iter(plan(digits, **changes).run_specs()))
        known = describe_request(spec.dataset(digits), "logistic", standard(), 0)["dataset"]
        with pytest.raises(DatasetError, match="a part of 'digits', in a study with folds or sizes.* train a run on all"):
            reload_dataset(known)


def test_images_of_a_group_are_in_one_fold() -> None:
    dataset = uneven((40, 50), groups=3)
    for spec in plan(dataset, folds=5).run_specs():
        part = spec.dataset(dataset)
        assert part.train.groups is not None
        assert part.test.groups is not None
        assert not {*part.train.groups.tolist()} & {*part.test.groups.tolist()}
        assert len(np.unique(part.train.labels)) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"folds": 1}, "at least 2; got 1"),
        ({"folds": 0}, "at least 2; got 0"),
        ({"folds": True}, "at least 2; got True"),
        ({"folds": 2.0}, r"at least 2; got 2\.0"),
        ({"folds": 3}, "smallest class; got 3, and '0' has 2 training images"),
        ({"sizes": [100]}, "combined with sizes"),
        ({"search": 3}, "combined with search"),
        ({"sizes": ["all"], "search": 3}, "combined with sizes and search"),
    ],
)
def test_an_impossible_cross_validation_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        plan(uneven(), **changes)


def test_of_groups_the_smallest_class_counts_its_groups() -> None:
    plan(uneven((30, 40), groups=10), folds=7)
    with pytest.raises(ConfigError, match="got 8, and .* has 7 groups of training images"):
        plan(uneven((30, 40), groups=10), folds=8)


def test_without_seeds_ten_are_trained_and_of_folds_one() -> None:
    assert len(plan(uneven(), folds=None).seeds) == 10
    assert plan(uneven()).seeds == (0,)


ERRORS = {"ann": (3, 5, 4, 6, 2), "logistic": (9, 12, 9, 13, 7), "cnn": (4, 5, 4, 7, 3)}


def measured(dataset: Dataset, errors: dict[str, tuple[int, ...]], folds: int = 5) -> Any:
    planned = plan(dataset, models=[*errors], folds=folds)
    outcomes = []
    for spec in planned.run_specs():
        assert spec.fold is not None
        n, wrong = len(spec.test_labels(dataset)), errors[spec.configuration.model][spec.fold - 1]
        outcomes.append(Outcome(spec, spec.run_name("squares"), 100, n, wrong, 0.1 * wrong, 0.9, spec.test_labels(dataset), 650,
                                1.5, "float32", {"numpy": "2"}))  # fmt: skip
    return make_fold_results(planned, dataset, outcomes)


def test_the_interval_is_that_of_nadeau_and_bengio() -> None:
    dataset = uneven((50, 50))
    row = measured(dataset, {"logistic": ERRORS["logistic"]}).table[0]
    accuracies = [1 - wrong / 20 for wrong in ERRORS["logistic"]]
    variance = sum((each - np.mean(accuracies)) ** 2 for each in accuracies) / 4
    half = stats.t.ppf(0.975, 4) * sqrt((1 / 5 + 20 / 80) * variance)
    assert row.accuracies == pytest.approx(accuracies)
    assert (row.mean, row.sd) == pytest.approx((np.mean(accuracies), sqrt(variance)))
    assert (row.interval.low, row.interval.high) == pytest.approx((row.mean - half, row.mean + half))
    assert (row.n, row.images, row.lowest, row.highest) == (5, (20,) * 5, pytest.approx(0.35), pytest.approx(0.65))


def test_folds_that_agree_by_chance_are_no_more_certain_than_their_images() -> None:
    row = measured(uneven((50, 50)), {"logistic": (0, 0, 0, 0, 0)}).table[0]
    assert (row.interval.low, row.interval.high) == pytest.approx(proportion_confint(100, 100, method="wilson"))


def test_pairs_are_tested_by_the_corrected_t_with_holms_correction() -> None:
    found = measured(uneven((50, 50)), ERRORS)
    assert [row.model for row in found.table] == ["ann", "cnn", "logistic"]
    wanted = []
    for one, other in (("ann", "cnn"), ("ann", "logistic"), ("cnn", "logistic")):
        differences = (np.array(ERRORS[other]) - np.array(ERRORS[one])) / 20
        t = differences.mean() / sqrt((1 / 5 + 1 / 4) * differences.var(ddof=1))
        wanted.append(2 * stats.t.sf(abs(t), 4))
    assert [pair.p for pair in found.comparisons] == pytest.approx(wanted)
    assert [pair.p_adjusted for pair in found.comparisons] == pytest.approx(multipletests(wanted, method="holm")[1])
    assert [pair.significant for pair in found.comparisons] == [pair.p_adjusted < 0.05 for pair in found.comparisons]
    assert {pair.significant for pair in found.comparisons} == {True, False}
    assert paired_t([0.1, 0.1, 0.1], 0.5) == pytest.approx(2 ** (1 - 1 / (1 / 3 + 1 / 2)))


def test_few_folds_give_no_verdict() -> None:
    found = measured(uneven((50, 50)), {name: wrong[:3] for name, wrong in ERRORS.items()}, folds=3)
    assert not any(pair.judged or pair.significant for pair in found.comparisons)
    assert "At least 5 folds are needed for significance tests; got 3." in found.remarks
    assert json.loads(json.dumps(to_json(found), allow_nan=False))["folds"] == 3


def test_the_corrected_interval_holds_the_truth_more_often_than_the_plain_one() -> None:
    """Nearest class means on normal features; the truth is the mean accuracy of trainings on four fifths of the images."""
    generator, features, n, folds = np.random.default_rng(5), 10, 60, 5
    labels = np.arange(n) % 2

    def accuracy(train: Any, known: Any, images: Any, truth: Any) -> float:
        means = np.stack([train[known == label].mean(axis=0) for label in (0, 1)])
        return float((((images[:, None] - means) ** 2).sum(axis=2).argmin(axis=1) == truth).mean())

    def draw(truth: Any) -> Any:
        return generator.normal(0, 1, (len(truth), features)) + 0.5 * truth[:, None]

    many = np.arange(2000) % 2
    target = np.mean([accuracy(draw(labels[:48]), labels[:48], draw(many), many) for _ in range(300)])
    held = np.zeros(2)
    for _ in range(300):
        images, found = draw(labels), []
        for fold_of in [generator.permutation(n // 2).repeat(2) % folds for _ in range(2)]:  # two seeds
            for fold in range(folds):
                held_out = fold_of == fold
                found.append(accuracy(images[~held_out], labels[~held_out], images[held_out], labels[held_out]))
        intervals = (mean_over_seeds(found).interval, mean_over_seeds(found, 1 / (folds - 1)).interval)
        held += [each.low <= target <= each.high for each in intervals if each is not None]
    assert held[0] < 0.85 * 300
    assert 0.93 * 300 < held[1] < 0.99 * 300


@pytest.mark.slow
def test_a_cross_validation_is_the_same_whatever_the_test_split_and_may_grow(tmp_path: Path) -> None:
    dataset = uneven((4, 6, 30))
    noise = np.random.default_rng(1).integers(0, 256, (20, 8, 8, 1)).astype(np.uint8)
    other = replace(dataset, test=Split(noise, np.arange(20) % 3))
    asked: dict[str, Any] = {"recipes": ["sprint"], "folds": 3, "workers": 1}
    found = study(dataset, models=["logistic", "ann"], out=tmp_path / "at once", **asked)
    study(other, models=["logistic"], out=tmp_path / "grown", **asked)
    grown = study(other, models=["logistic", "ann"], out=tmp_path / "grown", **asked)
    assert [(row.name, row.accuracies, row.loss) for row in grown.table] == [
        (row.name, row.accuracies, row.loss) for row in found.table
    ]
    assert {path.name for path in (tmp_path / "grown").iterdir()} == {"runs", REQUEST, RESULTS, "study.csv"}
    with (tmp_path / "grown" / "study.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert [(row["model"], row["fold"]) for row in rows] == [(name, fold) for name in ("logistic", "ann") for fold in "123"]
    assert sum(int(row["n"]) for row in rows) == 2 * 40
    with pytest.raises(ConfigError, match="with other folds: 3 instead of 4"):
        study(other, models=["logistic", "ann"], out=tmp_path / "grown", **{**asked, "folds": 4})
    one, two = (tmp_path / "grown" / "runs" / f"squares-ann-sprint-0-fold{fold}" for fold in (1, 2))
    one.rename(tmp_path / "one")
    two.rename(one)
    (tmp_path / "one").rename(two)
    with pytest.raises(RunError, match="test images"):
        study(other, models=["logistic", "ann"], out=tmp_path / "grown", **asked)


@pytest.mark.slow
def test_the_terminal_has_every_fold_and_the_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["study", "digits", "--models", "logistic", "--recipes", "sprint", "--folds", "2", "--workers", "1"]
    assert main([*asked, "--out", str(tmp_path / "study")]) == 0
    said = capsys.readouterr()
    assert "held-out accuracy" in said.out
    assert [line.split()[:3] for line in said.out.splitlines() if line.startswith("fold ")] == [
        ["fold", "1", "719"],
        ["fold", "2", "719"],
    ]
    assert "2/2" in said.err
    assert main([*asked, "--out", str(tmp_path / "study"), "--json"]) == 0
    known = json.loads(capsys.readouterr().out)
    assert (known["folds"], known["table"][0]["images"]) == (2, [719, 719])
    run = tmp_path / "study" / "runs" / "digits-logistic-sprint-0-fold1"
    with pytest.raises(ConfigError, match="unless it has folds"):
        seed_votes(store.load_record(run), run, tmp_path / "study")


def test_no_page_can_be_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "digits", "--folds", "2", "--open", "--out", str(tmp_path / "x")]) == 2
    assert "--folds, which writes no page" in capsys.readouterr().err
