"""The confidence threshold for a target accuracy, from ``evaluate`` to ``predict``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from statsmodels.stats.proportion import proportion_confint

import convscope
from convscope.analysis.uncertainty.selective_prediction import threshold_for
from convscope.api.run import Run
from convscope.cli import text
from convscope.cli.main import main
from convscope.errors import ConfigError
from convscope.runs import ledger
from convscope.training.recipes import standard
from convscope.training.validation_split import validation_split

TARGET = 0.9
"""An accuracy that 120 validation images can show."""


def test_the_threshold_is_chosen_on_validation_images_and_measured_on_test_images(digits_run: Run) -> None:
    """Checked with Keras' own predictions."""
    evaluation = convscope.evaluate(digits_run, accuracy=TARGET)
    found = evaluation.threshold
    assert found is not None
    validation = validation_split(digits_run.dataset, standard(), seed=0)[1]
    keras_shares = digits_run.model.predict(validation.images / np.float32(255), verbose=0).astype(np.float64)
    temperature = digits_run.record.metrics["uncertainty"]["temperature"] or 1
    shares = softmax(np.log(np.maximum(keras_shares, 1e-300)) / temperature, axis=1)
    confidence, correct = shares.max(axis=1), shares.argmax(axis=1) == validation.labels
    expected = threshold_for(confidence, correct.astype(int), TARGET)
    assert found.confidence == pytest.approx(expected, abs=1e-5)
    assert (found.selection_split.n, found.selected_on, found.level) == (len(validation), "validation", 0.95)
    shown = proportion_confint(found.selection_split.correct, found.selection_split.answered, alpha=0.1, method="beta")[0]
    assert shown >= TARGET
    test = softmax(digits_run.evaluation.logits.astype(np.float64) / temperature, axis=1).max(axis=1)
    kept = test >= found.confidence
    hits = int((digits_run.evaluation.predictions == digits_run.evaluation.labels)[kept].sum())
    assert (found.test.answered, found.test.correct) == (int(kept.sum()), hits)


@pytest.mark.parametrize(("accuracy", "reason"), [(0.999, "show at most 97.5"), (1, "show at most 97.5"), (0.98, "120")])
def test_an_accuracy_that_few_images_cannot_show_is_refused(digits_run: Run, accuracy: float, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"{accuracy}.*out of reach.*{reason}"):
        convscope.evaluate(digits_run, accuracy=accuracy)


def test_a_threshold_is_computed_only_on_request_and_reads_no_test_data(run_copy: Path) -> None:
    before = ledger.read(run_copy)
    assert convscope.evaluate(run_copy).threshold is None
    assert convscope.evaluate(run_copy, accuracy=TARGET).threshold is not None
    assert ledger.read(run_copy) == before


@pytest.mark.parametrize("accuracy", [0, -0.1, 99.7, True])
def test_an_accuracy_outside_0_to_1_is_refused(digits_run: Run, accuracy: float) -> None:
    with pytest.raises(ConfigError, match=re.escape(repr(accuracy))):
        convscope.evaluate(digits_run, accuracy=accuracy)


def test_the_command_prints_threshold_coverage_and_accuracy_with_intervals(
    digits_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(digits_run.folder), "--accuracy", str(TARGET), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["threshold"]
    test = found["test"]
    low, high = proportion_confint(test["answered"], test["n"], method="wilson")
    assert test["coverage_interval"] == pytest.approx([low, high])
    low, high = proportion_confint(test["answered"] - test["errors"], test["answered"], method="wilson")
    assert test["interval"] == pytest.approx([low, high])
    assert main(["evaluate", str(digits_run.folder), "--accuracy", str(TARGET), "--quiet"]) == 0
    said = capsys.readouterr().out
    assert f"coverage {100 * test['coverage']:.2f}% (" in said
    assert f"accuracy {100 * test['accuracy']:.2f}% ({100 * low:.2f}–{100 * high:.2f}%)" in said
    threshold = re.search(r"--at-least (0\.\d+)", said)
    assert threshold
    assert 0 <= float(threshold[1]) - found["threshold"] < 0.001


def test_printed_thresholds_are_rounded_up() -> None:
    for confidence in (0.0, 0.5, 0.87654321, 0.9912345678, 0.99999991234567):
        written = float(text._rounded_up(confidence))
        assert confidence <= written < 1
        assert written - confidence <= 1e-2 * (1 - confidence)
    assert text._rounded_up(0.99999991234567) == "0.99999991235"


def test_predictions_below_the_threshold_are_marked(digits_run: Run) -> None:
    images = digits_run.dataset.test.images
    plain = convscope.predict(digits_run, images)
    middle = float(np.median(plain.probabilities.max(axis=1)))
    asked = convscope.predict(digits_run, images, at_least=middle)
    assert np.array_equal(asked.is_above_threshold, asked.probabilities.max(axis=1) >= middle)
    assert 0.4 < asked.is_above_threshold.mean() < 0.6
    assert [each.is_above_threshold for each in asked] == asked.is_above_threshold.tolist()
    assert plain.is_above_threshold.all()
    assert np.array_equal(plain.probabilities, asked.probabilities)
    with pytest.raises(ConfigError, match="at_least.*1\\.5"):
        convscope.predict(digits_run, images[:1], at_least=1.5)


def test_a_prediction_below_the_threshold_is_printed_differently(
    digits_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    image = Image.fromarray(255 - digits_run.dataset.test.images[0, ..., 0])
    image.resize((160, 160), Image.Resampling.NEAREST).save(tmp_path / "a.png")
    arguments = ["predict", str(digits_run.folder), str(tmp_path / "a.png"), "--single"]
    assert main([*arguments, "--at-least", "1"]) == 0
    assert re.search(r"a\.png: below the threshold: \d ", capsys.readouterr().out)
    assert main(arguments) == 0
    assert "below the threshold" not in capsys.readouterr().out
    assert main([*arguments, "--at-least", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["at_least"], found["predictions"][0]["above_threshold"]) == (1, False)
