from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.special

from convscope.models.backend import require_backend
from convscope.training.recipes import notebook, sprint, standard

require_backend()

import keras  # noqa: E402 - silently, after the back-end

from convscope.training.keras_ext.optimizers import PLAIN_LOSS, make_loss, make_metrics, make_optimizer  # noqa: E402

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(40, 7)).astype(np.float32) * 3
PROBABILITIES = scipy.special.softmax(LOGITS, axis=1)
LABELS = GENERATOR.integers(0, 7, 40).astype(np.int32)


def by_hand(share: float) -> float:
    """The cross-entropy to targets of 1 - ε for the label and ε spread over all classes."""
    targets = (1 - share) * np.eye(7)[LABELS] + share / 7
    return float(-(targets * scipy.special.log_softmax(LOGITS.astype(np.float64), axis=1)).sum(axis=1).mean())


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
def test_the_loss_is_the_cross_entropy_with_smoothed_labels(share: float) -> None:
    loss = make_loss(replace(sprint(), label_smoothing=share))
    assert float(keras.ops.mean(loss(LABELS, PROBABILITIES))) == pytest.approx(by_hand(share), rel=1e-5)


def test_a_smoothed_loss_comes_with_the_plain_one_for_the_history() -> None:
    _, plain = make_metrics(replace(sprint(), label_smoothing=0.1))
    assert plain.name == PLAIN_LOSS
    plain.update_state(LABELS, PROBABILITIES)
    assert float(plain.result()) == pytest.approx(by_hand(0.0), rel=1e-5)
    assert [metric.name for metric in make_metrics(replace(sprint(), label_smoothing=0.0))] == ["accuracy"]
    assert make_metrics(replace(sprint(), label_smoothing=0.0, balance="weights"))[1].name == PLAIN_LOSS


@pytest.mark.parametrize("warm_up", [0.0, 0.25, 0.6])
def test_keras_gets_the_rates_that_are_recorded(warm_up: float) -> None:
    config = replace(standard(), optimizer="adamw", weight_decay=0.01, warm_up=warm_up)
    optimizer = make_optimizer(config, 200)
    assert isinstance(optimizer, keras.optimizers.AdamW)
    for step in (0, 1, 49, 50, 120, 199):
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == pytest.approx(config.rate_at(step, 200), rel=1e-4)


def test_a_constant_rate_stays_constant_in_keras() -> None:
    optimizer = make_optimizer(notebook(), 10)
    assert type(optimizer) is keras.optimizers.Adam
    assert float(optimizer.learning_rate) == pytest.approx(0.001)
