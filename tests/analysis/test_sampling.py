"""Selection of the images of a page of limited size."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import pytest

from convscope.analysis import sampling
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.sampling import choose_test_images, number_that_fits
from convscope.data.dataset import Dataset
from convscope.data.split import stratified_sample

LABELS = np.repeat([0, 1, 2, 5], [700, 200, 97, 3])


def test_a_sample_is_stratified_by_class() -> None:
    counts = np.bincount(LABELS[stratified_sample(LABELS, 100, seed=0)])
    assert counts.sum() == 100
    assert np.abs(counts[[0, 1, 2]] - [70, 20, 9.7]).max() <= 1
    assert counts[5] >= 1


def test_small_classes_get_the_minimum_as_far_as_they_have_it() -> None:
    counts = np.bincount(LABELS[stratified_sample(LABELS, 60, at_least=5, seed=0)])
    assert counts[5] == 3
    assert counts[2] >= 5
    assert counts.sum() == 60


def test_a_sample_smaller_than_the_number_of_classes_has_one_of_each_at_most() -> None:
    labels = np.repeat(np.arange(50), 4)
    assert (
        sorted(np.bincount(labels[stratified_sample(labels, 20, at_least=5, seed=3)], minlength=50)) == [0] * 30 + [1] * 20
    )


@pytest.mark.parametrize("number", [0, 1, 1000, 5000])
def test_a_sample_is_ascending_without_duplicates_and_never_too_large(number: int) -> None:
    sample = stratified_sample(LABELS, number, at_least=5, seed=1)
    assert len(sample) == min(number, 1000)
    assert (np.diff(sample) > 0).all()


def test_a_sample_depends_on_its_seed() -> None:
    first, again, other = (stratified_sample(LABELS, 50, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_number_that_fits_is_close_to_the_budget(digits: Dataset) -> None:
    images = digits.train.images
    number = number_that_fits(images, 30_000)
    size = len(base64.b64encode(zlib.compress(images[:number].tobytes())))
    assert size == pytest.approx(30_000, rel=0.05)
    assert number_that_fits(np.random.default_rng(0).integers(0, 256, (3, 500, 500, 3), np.uint8), 1000) == 10


def evaluation_with(errors: int, n: int = 1000) -> Evaluation:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, n)
    logits = np.eye(4)[labels] * 5 + generator.normal(0, 0.1, (n, 4))
    wrong = generator.permutation(n)[:errors]
    logits[wrong] = np.roll(logits[wrong], 1, axis=1)
    return Evaluation(labels, logits.astype(np.float32), tuple("abcd"))


def chosen(errors: int, room: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Evaluation]:
    monkeypatch.setattr(sampling, "number_that_fits", lambda images, budget: room)
    evaluation = evaluation_with(errors)
    return choose_test_images(np.zeros((1000, 2, 2, 1), np.uint8), evaluation, seed=0), evaluation


def test_all_test_images_are_embedded_if_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(50, 1000, monkeypatch)[0].tolist() == list(range(1000))


def test_errors_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, evaluation = chosen(50, 200, monkeypatch)
    assert set(evaluation.mistakes) <= set(shown)
    assert 0 in shown
    assert 199 <= len(shown) <= 200
    assert (np.diff(shown) > 0).all()


def test_with_too_many_errors_the_most_confident_and_some_correct_images_are_embedded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown, evaluation = chosen(900, 100, monkeypatch)
    wrong = [place for place in shown if place in set(evaluation.mistakes) and place != 0]
    assert set(wrong) == set(evaluation.mistakes[:75]) - {0}
    assert len(shown) >= 99


def test_without_correct_images_only_errors_are_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, _ = chosen(1000, 100, monkeypatch)
    assert 99 <= len(shown) <= 100
