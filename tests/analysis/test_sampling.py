"""Which images a page gets where not all fit."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
import pytest

from convscope.analysis import sampling
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.sampling import choose_test_images, number_that_fits, stratified_sample
from convscope.data.dataset import Dataset

LABELS = np.repeat([0, 1, 2, 5], [700, 200, 97, 3])


def test_a_sample_holds_every_class_in_proportion() -> None:
    counts = np.bincount(LABELS[stratified_sample(LABELS, 100, seed=0)])
    assert counts.sum() == 100
    assert np.abs(counts[[0, 1, 2]] - [70, 20, 9.7]).max() <= 1
    assert counts[5] >= 1


def test_small_classes_get_their_least_as_far_as_they_have_it() -> None:
    counts = np.bincount(LABELS[stratified_sample(LABELS, 60, at_least=5, seed=0)])
    assert counts[5] == 3
    assert counts[2] >= 5
    assert counts.sum() == 60


def test_with_room_for_fewer_than_one_of_each_nobody_comes_twice() -> None:
    labels = np.repeat(np.arange(50), 4)
    assert (
        sorted(np.bincount(labels[stratified_sample(labels, 20, at_least=5, seed=3)], minlength=50)) == [0] * 30 + [1] * 20
    )


@pytest.mark.parametrize("number", [0, 1, 1000, 5000])
def test_a_sample_is_ascending_without_repeats_and_never_too_large(number: int) -> None:
    sample = stratified_sample(LABELS, number, at_least=5, seed=1)
    assert len(sample) == min(number, 1000)
    assert (np.diff(sample) > 0).all()


def test_a_sample_is_decided_by_its_seed() -> None:
    first, again, other = (stratified_sample(LABELS, 50, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_number_that_fits_is_about_right(digits: Dataset) -> None:
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


def test_all_test_images_are_shown_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(50, 1000, monkeypatch)[0].tolist() == list(range(1000))


def test_mistakes_come_first_into_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, evaluation = chosen(50, 200, monkeypatch)
    assert set(evaluation.mistakes) <= set(shown)
    assert 0 in shown
    assert 199 <= len(shown) <= 200
    assert (np.diff(shown) > 0).all()


def test_with_more_mistakes_than_room_the_most_confident_are_shown_and_some_that_went_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown, evaluation = chosen(900, 100, monkeypatch)
    wrong = [place for place in shown if place in set(evaluation.mistakes) and place != 0]
    assert set(wrong) == set(evaluation.mistakes[:75]) - {0}
    assert len(shown) >= 99


def test_where_every_image_went_wrong_they_are_all_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, _ = chosen(1000, 100, monkeypatch)
    assert 99 <= len(shown) <= 100
