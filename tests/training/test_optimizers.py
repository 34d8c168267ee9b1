from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.special

from convscope.models.backend import require_backend
from convscope.training.optimizers import PLAIN_LOSS, make_loss, make_metrics
from convscope.training.recipes import sprint

require_backend()

import keras  # noqa: E402 - silently, after the back-end

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(40, 7)).astype(np.float32) * 3
LABELS = GENERATOR.integers(0, 7, 40).astype(np.int32)


def by_hand(share: float) -> float:
    """The cross-entropy to targets of 1 - ε for the label and ε spread over all classes."""
    targets = (1 - share) * np.eye(7)[LABELS] + share / 7
    return float(-(targets * scipy.special.log_softmax(LOGITS.astype(np.float64), axis=1)).sum(axis=1).mean())


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("from_logits", [True, False])
def test_the_loss_is_the_cross_entropy_with_smoothed_labels_for_logits_and_probabilities(
    share: float, from_logits: bool
) -> None:
    loss = make_loss(replace(sprint(), label_smoothing=share), from_logits=from_logits)
    answers = LOGITS if from_logits else scipy.special.softmax(LOGITS, axis=1)
    assert float(keras.ops.mean(loss(LABELS, answers))) == pytest.approx(by_hand(share), rel=1e-5)


@pytest.mark.parametrize("from_logits", [True, False])
def test_a_smoothed_loss_comes_with_the_plain_one_for_the_history(from_logits: bool) -> None:
    answers = LOGITS if from_logits else scipy.special.softmax(LOGITS, axis=1)
    _, plain = make_metrics(replace(sprint(), label_smoothing=0.1), from_logits=from_logits)
    assert plain.name == PLAIN_LOSS
    plain.update_state(LABELS, answers)
    assert float(plain.result()) == pytest.approx(by_hand(0.0), rel=1e-5)
    assert [metric.name for metric in make_metrics(replace(sprint(), label_smoothing=0.0))] == ["accuracy"]
