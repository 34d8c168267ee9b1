"""Out-of-sample predictions by cross-validation, and the changed labels that they find."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.analysis.label_audit.cross_validation import MAX_EPOCHS, cross_validate, fold_config
from convscope.analysis.label_audit.suspects import find_suspects
from convscope.data.dataset import Dataset
from convscope.data.split import assign_folds
from convscope.errors import ConfigError, DatasetError
from convscope.training.class_balance import STRENGTH

from ...audited import FOLDS, Audited  # type: ignore[import-not-found]


def share_in_top(share: float, dataset: Dataset, train: np.ndarray, flipped: np.ndarray) -> float:  # type: ignore[type-arg]
    """Return the share of the changed labels among the top ``share`` of all training labels by score."""
    audit = find_suspects({"train": (dataset.train.labels, train)}, dataset.class_names)
    top = audit.index[: round(share * len(dataset.train))]
    return len(set(top.tolist()) & set(flipped.tolist())) / len(flipped)


@pytest.mark.slow
def test_ninety_percent_of_the_changed_labels_are_in_the_top_two_percent(audited: Audited) -> None:
    assert share_in_top(0.02, audited.dataset, audited.found.train, audited.flipped) >= 0.9


@pytest.mark.slow
def test_confident_learning_estimates_the_number_of_label_errors(audited: Audited) -> None:
    audit = find_suspects({"train": (audited.dataset.train.labels, audited.found.train)}, audited.dataset.class_names)
    assert len(audited.flipped) / 2 <= audit.splits[0].estimated_wrong <= 2 * len(audited.flipped)


@pytest.mark.slow
def test_every_image_gets_probabilities(audited: Audited) -> None:
    for found, split in ((audited.found.train, audited.dataset.train), (audited.found.test, audited.dataset.test)):
        assert found.shape == (len(split), 10)
        assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert audited.found.notes == ()


@pytest.mark.slow
def test_progress_is_reported_fold_by_fold(audited: Audited) -> None:
    assert sorted({event.fold for event in audited.events}) == [1, 2]
    assert {event.folds for event in audited.events} == {FOLDS}
    assert all(0 <= event.images_done <= event.num_images for event in audited.events)
    assert max(event.images_done / event.num_images for event in audited.events) == 1


@pytest.mark.slow
def test_every_read_of_the_test_split_is_announced(audited: Audited) -> None:
    """After the last event of its fold, and before the first one of the next."""
    of_folds = [event.fold for event in audited.events]
    assert audited.readings == [of_folds.count(1), len(of_folds)]


@pytest.mark.slow
def test_an_interrupted_audit_resumes(audited: Audited, tmp_path: Path) -> None:
    shutil.copy(audited.checkpoint, tmp_path / "folds.npz")
    events: list[object] = []
    again = cross_validate(
        audited.dataset,
        folds=FOLDS,
        seed=0,
        progress=events.append,
        checkpoint=tmp_path / "folds.npz",
        before_reading=lambda: events.append("read"),
    )
    assert events == []
    assert np.array_equal(again.train, audited.found.train)
    assert np.array_equal(again.test, audited.found.test)


@pytest.mark.slow
def test_missing_folds_are_trained_with_the_same_result(audited: Audited, tmp_path: Path) -> None:
    with np.load(audited.checkpoint) as saved:
        arrays = {name: saved[name] for name in saved.files if not name.startswith("1/")}
    np.savez(tmp_path / "folds.npz", **arrays)
    events: list[object] = []
    again = cross_validate(audited.dataset, folds=FOLDS, seed=0, progress=events.append, checkpoint=tmp_path / "folds.npz")
    assert {event.fold for event in events} == {2}  # type: ignore[attr-defined]
    assert np.array_equal(again.train, audited.found.train)


@pytest.mark.parametrize("folds", [2, 4, 7])
def test_folds_are_balanced_within_classes_and_overall(folds: int) -> None:
    labels = np.random.default_rng(0).choice(5, 503, p=[0.5, 0.3, 0.15, 0.04, 0.01])
    fold_of = assign_folds(labels, folds, seed=1)
    assert np.ptp(np.bincount(fold_of, minlength=folds)) <= 1
    for label in range(5):
        assert np.ptp(np.bincount(fold_of[labels == label], minlength=folds)) <= 1
    assert np.array_equal(fold_of, assign_folds(labels, folds, seed=1))
    assert not np.array_equal(fold_of, assign_folds(labels, folds, seed=2))


def test_large_sets_get_one_epoch_and_small_ones_a_few() -> None:
    assert fold_config(45_000).epochs == 1
    assert 1 < fold_config(9000).epochs <= MAX_EPOCHS
    assert fold_config(1000).epochs == MAX_EPOCHS
    assert fold_config(3).epochs == MAX_EPOCHS


@pytest.mark.slow
def test_notes_name_small_classes_and_single_images_are_not_audited(digits: Dataset) -> None:
    kept = np.concatenate(
        [np.flatnonzero(digits.train.labels == label)[:number] for label, number in ((0, 60), (1, 60), (2, 2), (3, 1))]
    )
    tiny = replace(digits, train=digits.train.take(kept))
    found = cross_validate(tiny, folds=3, seed=0)
    assert np.isnan(found.train).all(axis=1).tolist() == (tiny.train.labels == 3).tolist()
    assert "3, with a single training image" in found.notes[0]
    assert "2 (2), with fewer training images than the 3 folds" in found.notes[1]
    audit = find_suspects({"train": (tiny.train.labels, found.train)}, tiny.class_names)
    assert audit.splits[0].scored == audit.splits[0].n - 1


@pytest.mark.slow
def test_the_folds_are_corrected_by_class_frequency_as_the_run_is(digits: Dataset) -> None:
    kept = np.concatenate(
        [np.flatnonzero(digits.train.labels == label)[:number] for label, number in ((0, 80), (1, 80), (2, 8))]
    )
    uneven = replace(digits, train=digits.train.take(kept), class_names=digits.class_names)
    plain, corrected = (cross_validate(uneven, folds=2, seed=0, balance=balance).train for balance in ("none", "prior"))
    odds = [np.log(each[:, 2] / each[:, 0]) for each in (plain, corrected)]
    assert odds[1] - odds[0] == pytest.approx(STRENGTH * np.log(10), rel=0.1)  # validation images are not counted


@pytest.mark.parametrize("folds", [1, 0, 51, 2.5, True])
def test_invalid_numbers_of_folds_are_rejected(digits: Dataset, folds: int) -> None:
    with pytest.raises(ConfigError, match="whole number from 2 to 50"):
        cross_validate(digits, folds=folds, seed=0)


def test_a_dataset_with_one_image_per_class_is_rejected(digits: Dataset) -> None:
    _, firsts = np.unique(digits.train.labels, return_index=True)
    with pytest.raises(DatasetError, match="fewer than two classes"):
        cross_validate(replace(digits, train=digits.train.take(firsts)), folds=2, seed=0)
