from __future__ import annotations

import pytest

from convscope.training.recipes import notebook, standard
from convscope.training.schedule import rate_at


def test_one_cycle_rises_to_its_peak_and_falls_to_nothing() -> None:
    config = standard()
    rates = [rate_at(step, config, 1000) for step in range(1000)]
    assert rates[0] > 0
    assert max(rates) == pytest.approx(config.learning_rate, rel=0.005)
    peak = round(1000 * config.warm_up)
    assert rates.index(max(rates)) in {peak - 1, peak}
    assert 0 < rates[-1] < 0.001 * config.learning_rate
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_a_constant_rate_stays() -> None:
    assert {rate_at(step, notebook(), 10) for step in range(10)} == {0.001}
