from __future__ import annotations

import re
from typing import Any

import pytest

from convscope.analysis.training_summary import training_length


def sentence(
    kept: int = 20, *, accuracy: float = 0.9, correct: float = 0.9, validation: int = 900, time: float = 0.0, **run: Any
) -> str:
    config = {"epochs": 20, "validation": "held-out", "time": time, "max_cycles": 10 if time else 1}
    metrics = {
        "epochs": kept,
        "history": {"last_epoch": {"accuracy": accuracy, "val_accuracy": correct}, "validation_interval": [0.85, 0.95]},
        "data": {"validation": validation},
    }
    return training_length({"config": config, "epochs_trained": kept, **run}, metrics)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "after 20 epochs, as planned. .* more training may help \\(--time 60\\)"),
        ({"validation": 200}, "more training may help \\(--epochs 40\\)"),
        ({"validation": 200, "time": 60.0}, "as planned; 200 validation images cannot decide whether to go on\\."),
        ({"accuracy": 0.99}, "99.00% of the training images were classified .* is unlikely to help much"),
        ({"augmentation": {"shift": 1}}, "90.00% of the training images, as augmented, were classified"),
        ({"correct": 1.0}, "all 900 validation images correctly, so they cannot tell"),
        ({"validation": 60}, "60 validation images cannot tell whether more training would help"),
        ({"kept": 7, "ending": "time", "time": 60.0}, "60 s ended the training in epoch 7 of 20. More training may help\\."),
        ({"kept": 75, "ending": "time", "time": 60.0}, "in epoch 75\\. Over the last epoch, .* may help \\(--time 120\\)"),
        ({"kept": 75, "ending": "time", "time": 60.0, "accuracy": 0.99}, "60 s ended .* 75\\. .* unlikely to help much"),
        ({"kept": 5, "epochs_trained": 19, "ending": "time", "time": 9.0}, "in epoch 19 of 20, .*\\. More training may help\\."),
        ({"kept": 20, "stopped_early": True}, "Ctrl-C .* in epoch 20 of 20\\. Over the last epoch, .* may help \\(--time 60\\)"),
        ({"kept": 60, "epochs_trained": 140, "ending": "validation"},
         "no longer improved, .* in epoch 140, with the weights after epoch 60, which .* best .* may help little"),
        ({"kept": 3, "stopped_early": True}, "Ctrl-C ended the training in epoch 3 of 20. More training may help\\."),
    ],
)  # fmt: skip
def test_it_says_what_ended_the_training_and_whether_more_would_help(arguments: dict[str, Any], expected: str) -> None:
    assert re.search(expected, sentence(**arguments)), sentence(**arguments)


def test_runs_of_earlier_versions_and_those_that_validate_on_the_test_split() -> None:
    config = {"epochs": 10, "validation": "test"}
    metrics = {"epochs": 10, "history": {}, "data": {"validation": 10_000}}
    assert training_length({"config": config}, metrics) == "The training ended after 10 epochs, as planned."
