"""Balanced accuracy and the effect of a setting for uneven classes, against scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

import convscope
from convscope.analysis.class_balance import balanced_accuracy
from convscope.analysis.classification import Confusion
from convscope.analysis.findings.accuracy import uneven_classes
from convscope.analysis.statistics.proportions import wilson
from convscope.cli.main import main
from convscope.data.checks import describe_imbalance
from convscope.data.dataset import Dataset
from convscope.models.predictor import Predictor
from convscope.runs import files
from convscope.training.class_balance import STRENGTH, class_weights

from ..simulation import holds  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def uneven(digits: Dataset) -> Dataset:
    labels = digits.train.labels
    kept = [np.flatnonzero(labels == each)[: 20 if each % 2 else None] for each in range(10)]
    return replace(digits, train=digits.train.take(np.sort(np.concatenate(kept))))


@pytest.mark.parametrize(("supports", "recalls"), [
    ([100] * 10, [0.99] * 10), ([20] * 26, [0.9] * 26), ([10] * 5, [0.9] * 5), ([4] * 62, [0.95] * 62), ([380, 20], [0.99, 0.8]),
    ([1000, 20, 20, 20, 20], [0.99, 0.9, 0.8, 0.8, 0.7]),
])  # fmt: skip
def test_the_interval_of_balanced_accuracy_holds_for_many_and_for_rare_classes(
    supports: list[int], recalls: list[float]
) -> None:
    """The sum in squares of the distances to Wilson's ends, used until now, held 80 to 97% of the time."""
    generator, runs, hits = np.random.default_rng(0), 400, 0
    for _ in range(runs):
        right = generator.binomial(supports, recalls)
        counts = np.diag(right)
        counts[:, 0] += supports - right
        counts[0, 0], counts[0, 1] = right[0], supports[0] - right[0] + counts[0, 1]
        value, (low, high) = balanced_accuracy(Confusion(counts, tuple(map(str, supports))))
        assert value == pytest.approx(np.mean(right / supports))
        assert low <= value <= high
        hits += low <= np.mean(recalls) <= high
    assert holds(hits, runs, low=0.94, high=0.98), hits


@pytest.mark.parametrize(("right", "n"), [(90, 90), (0, 4), (70, 90)])
def test_of_one_class_or_of_none_wrong_it_is_that_of_the_accuracy(right: int, n: int) -> None:
    one = balanced_accuracy(Confusion(np.array([[right, n - right], [0, 0]]), ("a", "b")))[1]
    assert one == pytest.approx(wilson(right, n))
    three = balanced_accuracy(Confusion(np.diag([n, n, n]), ("a", "b", "c")))[1]
    assert three == pytest.approx(wilson(3 * n, 3 * n))


def train(dataset: Dataset, folder: Path, balance: str) -> convscope.Run:
    return convscope.train(dataset, model="ann", epochs=4, out=folder / balance, balance=balance, report=False)


@pytest.mark.slow
def test_the_effect_of_a_prior_correction_is_that_of_the_logits_with_and_without_it(uneven: Dataset, tmp_path: Path) -> None:
    run = train(uneven, tmp_path, "prior")
    balance, evaluation = run.metrics["balance"], run.evaluation
    counts = np.array(run.metrics["data"]["class_counts"]["train"])
    assert balance["factors"] == pytest.approx(STRENGTH * np.log(class_weights(counts)), abs=1e-6)
    without = (evaluation.logits - np.array(balance["factors"], np.float32)).argmax(axis=1)
    for name, score in (("accuracy", accuracy_score), ("balanced_accuracy", balanced_accuracy_score)):
        assert balance["test"][name] == pytest.approx(score(evaluation.labels, evaluation.predictions))
        assert balance["test"][f"{name}_without"] == pytest.approx(score(evaluation.labels, without))
        assert run.metrics["test"][name] == pytest.approx(balance["test"][name])
    splits = run.metrics["splits"]["validation"]
    assert (balance["validation"]["n"], balance["validation"]["accuracy"]) == (
        splits["n"],
        pytest.approx(splits["accuracy"]),
    )
    assert convscope.load_run(run.folder).metrics["balance"] == balance
    logits = Predictor(run.folder / files.ONNX_MODEL).logits(uneven.test.images)
    assert np.abs(logits - evaluation.logits).max() <= 1e-5 * np.abs(logits).max()


@pytest.mark.slow
def test_data_train_and_findings_say_of_uneven_classes_the_same(
    uneven: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "uneven.npz"
    images, test = uneven.train.images[..., 0], uneven.test.images[..., 0]
    np.savez(path, x_train=images, y_train=uneven.train.labels, x_test=test, y_test=uneven.test.labels)
    counts = uneven.train.class_counts(10)
    sentence = describe_imbalance(counts, uneven.class_names)
    assert main(["data", str(path), "--quiet"]) == 0
    assert sentence in capsys.readouterr().out
    command = ["train", str(path), "--model", "logistic", "--epochs", "1", "--no-report", "--out", str(tmp_path / "run")]
    assert main([*command, "--balance", "weights"]) == 0
    printed = capsys.readouterr()
    assert sentence in printed.err
    metrics = convscope.load_run(tmp_path / "run").metrics
    finding = uneven_classes(metrics)
    assert finding is not None
    assert finding.text in printed.out
    assert finding.text in [each["text"] for each in metrics["findings"]]
    used = np.array(metrics["data"]["class_counts"]["train"])
    assert describe_imbalance(used, uneven.class_names).lower() in finding.text.lower()
    assert f"{used.max() / used.min():.1f} times as much" in finding.text
    assert metrics["balance"]["factors"] == class_weights(used).tolist()
    assert finding.value == pytest.approx(balanced_accuracy_score(*_of(tmp_path / "run")))


def _of(folder: Path) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    evaluation = convscope.load_run(folder).evaluation
    return evaluation.labels, evaluation.predictions


def test_even_classes_have_no_finding_and_no_effect(digits_run: convscope.Run) -> None:
    assert uneven_classes(digits_run.metrics) is None
    assert "balance" not in digits_run.metrics
