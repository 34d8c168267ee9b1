"""Attacks on networks whose answer to them is known in closed form, and on a real one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from convscope.analysis.robustness.adversarial import attacks_metrics, measure_attacks, pgd_attack, signed_gradient_step
from convscope.analysis.robustness.corruptions.random_numbers import CounterRNG
from convscope.api.run import Run
from convscope.data.preprocessing import to_inputs
from convscope.training.input_gradients import InputGradient

Array = np.ndarray[Any, Any]
EPSILONS = (0.01, 0.05, 0.1, 0.2)


class Linear:
    """A network of two classes without hidden layers: its logits are (0, w·x + b), and nothing about it is approximate."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.weights = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
        self.bias = -0.5 * float(self.weights.sum())

    def margin(self, inputs: Array) -> Array:
        return np.asarray((inputs * self.weights).sum(axis=(1, 2, 3)) + self.bias)

    def __call__(self, inputs: Array, labels: Array) -> tuple[Array, Array]:
        slope = 1 / (1 + np.exp(-self.margin(inputs))) - labels
        return slope[:, None, None, None] * self.weights, self.logits(inputs)

    def logits(self, inputs: Array) -> Array:
        margin = self.margin(inputs)
        return np.stack([0 * margin, margin], axis=1)


@pytest.fixture(scope="module")
def linear() -> Linear:
    return Linear((6, 6, 1))


@pytest.fixture(scope="module")
def inputs() -> Array:
    """Far enough from 0 and 1 that no ε of the tests is cut off."""
    return np.random.default_rng(1).uniform(0.3, 0.7, (300, 6, 6, 1)).astype(np.float32)


def test_against_a_linear_network_both_attacks_do_all_that_can_be_done(linear: Linear, inputs: Array) -> None:
    """Its margin falls by at most ε·|w|₁: who is closer to the border is lost, and nobody else."""
    labels = (linear.margin(inputs) > 0).astype(np.int64)
    found = measure_attacks(linear, inputs, labels, np.arange(300), num_images=300, seed=0, epsilons=EPSILONS)
    for number, epsilon in enumerate(EPSILONS):
        room = np.abs(linear.margin(inputs)) - epsilon * np.abs(linear.weights).sum()
        clear = np.abs(room) > 1e-3
        np.testing.assert_array_equal(found.fgsm[number][clear], (room > 0)[clear])
        np.testing.assert_array_equal(found.pgd[number][clear], (room > 0)[clear])
    assert found.clean.all()
    assert 0 < found.pgd[0].mean() < 1


def test_a_moved_image_stays_within_its_ball_and_within_the_grey_levels(linear: Linear) -> None:
    inputs = np.random.default_rng(2).random((50, 6, 6, 1)).astype(np.float32)
    labels = (linear.margin(inputs) > 0).astype(np.int64)
    for epsilon in (0.0, 0.03, 0.3, 1.0):
        moved = pgd_attack(linear, inputs, labels, np.arange(50), epsilon=epsilon, steps=7, seed=0)
        assert np.abs(moved - inputs).max() <= epsilon + 1e-6
        assert moved.min() >= 0
        assert moved.max() <= 1
        assert moved.dtype == np.float32


def test_one_step_goes_along_the_sign_and_no_farther_than_allowed() -> None:
    inputs = np.array([0.5, 0.5, 0.99, 0.5], np.float32).reshape(1, 2, 2, 1)
    slopes = np.array([3.0, -0.1, 5.0, 0.0], np.float32).reshape(1, 2, 2, 1)
    moved = signed_gradient_step(slopes, inputs + 0.01, inputs, step=0.05, epsilon=0.04)
    np.testing.assert_allclose(moved.ravel(), [0.54, 0.46, 1.0, 0.51], atol=1e-6)


def test_the_random_start_is_the_images_own(linear: Linear, inputs: Array) -> None:
    def moved(indices: Array) -> Array:
        labels = np.ones(len(indices), np.int64) * (linear.margin(inputs[indices]) > 0)
        return pgd_attack(linear, inputs[indices], labels, indices, epsilon=0.05, steps=1, seed=0)

    np.testing.assert_allclose(moved(np.arange(40))[[3, 30]], moved(np.array([3, 30])), atol=1e-6)
    assert np.abs(CounterRNG("pgd/0.050000", np.arange(2), seed=0).uniform(6) - 0.5).max() < 0.5


def test_an_image_that_is_wrong_already_is_left_alone_and_counts_as_wrong(linear: Linear, inputs: Array) -> None:
    labels = (linear.margin(inputs) <= 0).astype(np.int64)
    found = measure_attacks(linear, inputs, labels, np.arange(300), num_images=300, seed=0, epsilons=(0.01,))
    assert not found.clean.any()
    assert not found.pgd.any()


@pytest.mark.slow
def test_a_real_network_falls_ever_more_and_to_pgd_at_least_as_much_as_to_fgsm(digits_run: Run) -> None:
    test = digits_run.dataset.test
    gradient = InputGradient(digits_run.model)
    found = measure_attacks(gradient, to_inputs(test.images), test.labels, np.arange(len(test)), num_images=len(test), seed=0,
                            epsilons=EPSILONS, steps=10)  # fmt: skip
    metrics = attacks_metrics(found)
    np.testing.assert_array_equal(found.clean, digits_run.evaluation.predictions == test.labels)
    accuracies = [each["accuracy"] for each in metrics["pgd"]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert all(pgd <= fgsm["accuracy"] + 0.01 for pgd, fgsm in zip(accuracies, metrics["fgsm"], strict=True))
    assert accuracies[-1] < accuracies[0] - 0.3
    assert metrics["n"] == metrics["test_images"] == 359
    low, high = metrics["pgd"][1]["interval"]
    assert low < accuracies[1] < high
