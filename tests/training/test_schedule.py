from __future__ import annotations

import dataclasses

import pytest

from convscope.models.backend import require_backend
from convscope.training.recipes import notebook, standard
from convscope.training.schedule import learning_rate, rate_at


def test_one_cycle_rises_to_its_peak_and_falls_to_nothing() -> None:
    config = standard()
    rates = [rate_at(step, config, 1000) for step in range(1000)]
    assert rates[0] > 0
    assert max(rates) == pytest.approx(config.learning_rate, rel=0.005)
    assert rates.index(max(rates)) in {249, 250}
    assert 0 < rates[-1] < 0.001 * config.learning_rate
    assert rates[:250] == sorted(rates[:250])
    assert rates[250:] == sorted(rates[250:], reverse=True)


def test_a_constant_rate_stays() -> None:
    assert {rate_at(step, notebook(), 10) for step in range(10)} == {0.001}
    assert learning_rate(notebook(), 10) == 0.001


@pytest.mark.parametrize("warm_up", [0.0, 0.25, 0.6])
def test_keras_gets_the_rates_that_are_recorded(warm_up: float) -> None:
    require_backend()
    config = dataclasses.replace(standard(), warm_up=warm_up)
    schedule = learning_rate(config, 200)
    assert not isinstance(schedule, float)
    for step in (0, 1, 49, 50, 120, 199):
        assert float(schedule(step)) == pytest.approx(rate_at(step, config, 200), rel=1e-4)
