from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convscope.data.dataset import Dataset
from convscope.data.split import assign_groups, stratified_split
from convscope.errors import DatasetError


def test_mnist_gives_5000_validation_images_in_proportion(mnist: Dataset) -> None:
    kept, held_out = stratified_split(mnist.train.labels, 1 / 12, seed=0)
    assert (len(kept), len(held_out)) == (55_000, 5_000)
    share = mnist.train.take(held_out).class_counts(10) / mnist.train.class_counts(10)
    assert np.allclose(share, 1 / 12, atol=2e-4)


def test_another_seed_holds_out_other_images(mnist: Dataset) -> None:
    first, again, other = (stratified_split(mnist.train.labels, 0.1, seed=seed)[1] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@given(
    labels=hnp.arrays(np.int64, st.integers(1, 200), elements=st.integers(0, 6)),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_image_lands_on_one_side_and_every_class_stays_in_training(
    labels: np.ndarray, fraction: float, seed: int
) -> None:
    kept, held_out = stratified_split(labels, fraction, seed=seed)
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert set(labels[kept]) == set(labels)
    for label in set(labels):
        of_class = (labels == label).sum()
        assert abs((labels[held_out] == label).sum() - fraction * of_class) <= 1 + 1e-9 or of_class == 1


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1])
def test_an_impossible_fraction_is_refused(fraction: float) -> None:
    with pytest.raises(DatasetError, match=f"got {fraction}"):
        stratified_split(np.zeros(4, int), fraction, seed=0)


@pytest.mark.slow
@given(
    members=hnp.arrays(np.int64, st.tuples(st.integers(1, 120), st.just(2)), elements=st.integers(0, 9)),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_group_is_divided_and_every_class_stays_in_training(members: np.ndarray, fraction: float, seed: int) -> None:
    groups, labels = members[:, 0], members[:, 1] % 4
    kept, held_out = stratified_split(labels, fraction, seed=seed, groups=groups)
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert not set(groups[kept]) & set(groups[held_out])
    assert set(labels[kept]) == set(labels)
    if all(len(set(groups[labels == label])) > 1 for label in set(labels)):
        assert len(held_out) > 0


@pytest.mark.parametrize("fraction", [0.1, 0.2, 1 / 3])
def test_many_groups_give_each_class_nearly_its_share(fraction: float) -> None:
    generator = np.random.default_rng(0)
    groups = generator.integers(0, 200, 4000)
    labels = generator.choice(5, 4000, p=(0.5, 0.2, 0.2, 0.07, 0.03))
    _, held_out = stratified_split(labels, fraction, seed=1, groups=groups)
    for label in range(5):
        assert (labels[held_out] == label).sum() / (labels == label).sum() == pytest.approx(fraction, abs=0.04)
    fold_of = assign_groups(labels, groups, [1 / 5] * 5, seed=0)
    assert all(len(set(fold_of[groups == group])) == 1 for group in range(200))
    assert np.allclose(np.bincount(fold_of) / 4000, 0.2, atol=0.02)
