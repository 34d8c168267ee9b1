from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from sklearn import metrics

from convscope.analysis.evaluation import Evaluation, evaluate
from convscope.api.run import Run
from convscope.models.predictor import Predictor


def made(n: int = 500) -> Evaluation:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, n)
    logits = generator.normal(size=(n, 4)).astype(np.float32) * 3
    logits[np.arange(n), labels] += 3
    return Evaluation(labels, logits, ("a", "b", "c", "d"))


def test_loss_accuracy_and_probabilities_agree_with_scipy_and_scikit_learn() -> None:
    evaluation = made()
    probabilities = special.softmax(evaluation.logits.astype(np.float64), axis=1)
    assert np.allclose(evaluation.probabilities, probabilities)
    assert evaluation.loss == pytest.approx(metrics.log_loss(evaluation.labels, probabilities))
    assert evaluation.accuracy == pytest.approx(metrics.accuracy_score(evaluation.labels, probabilities.argmax(axis=1)))


def test_the_loss_stays_finite_if_a_probability_underflows() -> None:
    evaluation = Evaluation(np.array([1]), np.array([[500.0, -500.0]], np.float32), ("a", "b"))
    assert evaluation.loss == pytest.approx(1000.0)


def test_mistakes_are_all_errors_in_descending_order_of_confidence() -> None:
    evaluation = made()
    mistakes = evaluation.mistakes
    assert len(mistakes) == evaluation.errors > 0
    assert (evaluation.predictions[mistakes] != evaluation.labels[mistakes]).all()
    confidence = evaluation.confidence[mistakes]
    assert (np.diff(confidence) <= 0).all()


@pytest.mark.slow
def test_keras_own_evaluate_agrees(digits_run: Run) -> None:
    model, test = digits_run.model, digits_run.dataset.test
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    loss, accuracy = model.evaluate(test.images / np.float32(255), test.labels, verbose=0)
    assert digits_run.evaluation.loss == pytest.approx(loss, abs=1e-5)
    assert digits_run.evaluation.accuracy == pytest.approx(accuracy, abs=1e-6)


def test_onnx_runtime_gives_the_logits_of_keras(digits_run: Run) -> None:
    predictor = Predictor(digits_run.folder / "model.onnx")
    again = evaluate(predictor, digits_run.dataset.test, digits_run.dataset.class_names)
    assert np.allclose(again.logits, digits_run.evaluation.logits, atol=1e-4)
    assert np.array_equal(again.predictions, digits_run.evaluation.predictions)


def test_the_repr_has_the_accuracy_with_its_interval() -> None:
    evaluation = Evaluation(np.zeros(10_000, int), np.repeat([[1.0, 0.0], [0.0, 1.0]], [9903, 97], axis=0), ("a", "b"))
    assert "99.03% (95% CI 98.82–99.20%)" in repr(evaluation)
    assert "97 errors" in repr(evaluation)
