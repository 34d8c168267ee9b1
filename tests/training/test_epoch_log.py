"""A loss that is no number stops the training, and the message names when it became so and the likely cause."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from convscope.errors import ConvscopeError
from convscope.training.epoch_log import EpochLog, StopRequest
from convscope.training.recipes import standard

NAN, INFINITY = math.nan, math.inf
RATE, LAYER = "Probably the learning rate, at most {:g}, is too high", "Probably a layer of the network computes no number"


@pytest.mark.parametrize(
    ("losses", "rate", "usual", "when", "cause"),
    [
        ([NAN], 0.001, True, "became nan in epoch 1, at step 1", RATE),
        ([NAN], 100.0, False, "became nan in epoch 1, at step 1", LAYER),
        ([2.3, 2.2, INFINITY], 0.001, False, "became inf in epoch 1, at step 3", LAYER),
        ([2.3, 2.2, NAN], 0.5, False, "became nan in epoch 1, at step 3", RATE),
        ([2.3, 9.0, NAN], 0.02, False, "became nan in epoch 1, at step 3", RATE),
        ([2.3] * 9 + [NAN], 0.001, False, "became nan in epoch 1, at step 10", LAYER),
    ],
)
def test_the_message_names_the_step_and_the_likely_cause(
    losses: list[float], rate: float, usual: bool, when: str, cause: str
) -> None:
    log = EpochLog("own", replace(standard(), learning_rate=rate), 100, 10, StopRequest(), has_usual_layers=usual)
    log.begin()
    with pytest.raises(ConvscopeError) as stopped:
        for step, loss in enumerate(losses, start=1):
            log.report(step * 10, loss, 0.1)
    assert step == len(losses)
    assert f"the loss of 'own' {when}, and the training was stopped. {cause.format(rate)}" in str(stopped.value)


def test_steps_that_are_reported_together_are_named_together() -> None:
    log = EpochLog("own", standard(), 100, 10, StopRequest())
    log.begin()
    log.report(30, 2.3, 0.1)
    with pytest.raises(ConvscopeError, match="in epoch 1, between the steps 4 and 8, and"):
        log.report(80, NAN, 0.1)


def test_a_validation_loss_that_is_no_number_stops_the_training_too() -> None:
    log = EpochLog("own", standard(), 95, 10, StopRequest(), has_usual_layers=False)
    log.begin()
    log.report(95, 2.3, 0.1)
    with pytest.raises(
        ConvscopeError, match="validation loss of 'own' became nan after epoch 1, at step 10, and .* a layer"
    ):
        log.finish({"loss": 2.3, "val_loss": NAN, "accuracy": 0.1, "val_accuracy": 0.1}, {}, dict)
    assert not log.records
