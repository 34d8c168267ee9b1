from __future__ import annotations

import numpy as np
from scipy import stats

from convscope.analysis.robustness.corruptions.random_numbers import CounterRNG, _scrambled

MASK = 2**64 - 1


def by_hand(state: int) -> int:
    """Return the output of SplitMix64 for a state, with Python integers."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


def test_the_generator_is_splitmix64() -> None:
    """The first outputs from seed 1234567 of the authors' C code."""
    step = 0x9E3779B97F4A7C15
    known = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    states = [(1234567 + turn * step) & MASK for turn in range(1, 6)]
    assert [by_hand(state) for state in states] == known
    assert _scrambled(np.array(states, np.uint64)).tolist() == known


def test_the_numbers_of_an_image_do_not_depend_on_the_others() -> None:
    everyone = CounterRNG("x", np.arange(100), seed=3)
    some = CounterRNG("x", np.array([7, 41, 99]), seed=3)
    for shape in ((4, 4), (), (2,)):
        np.testing.assert_array_equal(everyone.uniform(*shape)[[7, 41, 99]], some.uniform(*shape))


def test_purpose_seed_and_index_each_change_the_numbers() -> None:
    first = CounterRNG("x", np.arange(2), seed=0).uniform(1000)
    others = [
        CounterRNG("y", np.arange(2), seed=0).uniform(1000),
        CounterRNG("x", np.arange(2), seed=1).uniform(1000),
        first[::-1],
    ]
    assert all(abs(np.corrcoef(first[0], other[0])[0, 1]) < 0.15 for other in others)


def test_the_numbers_are_uniform_and_normal_across_images_and_within_them() -> None:
    draws = CounterRNG("even", np.arange(2000), seed=0)
    even = draws.uniform(20)
    assert even.min() >= 0
    assert even.max() < 1
    for sample in (even.ravel(), even[:, 0], even[0]):
        assert stats.kstest(sample, "uniform").pvalue > 1e-4
    assert stats.kstest(draws.normal(20).ravel(), "norm").pvalue > 1e-4
    assert abs(np.corrcoef(even[:-1].ravel(), even[1:].ravel())[0, 1]) < 0.02
    assert set(np.unique(draws.signs(5))) == {-1.0, 1.0}
