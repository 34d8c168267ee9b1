"""Temperature, prediction sets and thresholds come from the same few images, and hold their levels on others all the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from convscope.analysis.uncertainty.prediction_sets import in_set, set_probability
from convscope.analysis.uncertainty.selective_prediction import threshold_for
from convscope.analysis.uncertainty.temperature import fit_temperature_scaling
from convscope.types import Floats, Labels

from ...simulation import holds  # type: ignore[import-not-found]

TRIALS, LEVEL, TARGET = 150, 0.95, 0.9
SHARPNESS = 2.0
"""Of logits that are overconfident, so that a temperature is in use."""


def drawn(generator: np.random.Generator, n: int) -> tuple[Floats, Labels, Floats]:
    """Return logits (n, 10), labels drawn from the true probabilities, and these."""
    honest = generator.normal(0, 4, (n, 10))
    true = softmax(honest, axis=1)
    return honest * SHARPNESS, (generator.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1).clip(max=9), true


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 300])
def test_choices_on_the_same_few_images_hold_their_levels_without_cross_fitting(n: int) -> None:
    generator = np.random.default_rng(n)
    new, _, true = drawn(generator, 3000)
    coverage, sizes, missed, used = [], [], 0, 0
    for _ in range(TRIALS):
        logits, labels, _ = drawn(generator, n)
        scaling = fit_temperature_scaling(logits, labels)
        assert scaling is not None
        used += scaling.helps
        own, others = (softmax(each / scaling.temperature, axis=1) for each in (logits, new))
        chosen = in_set(others, set_probability(own, labels, LEVEL))
        coverage.append(float((true * chosen).sum(axis=1).mean()))
        sizes.append(float(chosen.sum(axis=1).mean()))
        threshold = threshold_for(own.max(axis=1), (logits.argmax(axis=1) == labels).astype(np.int64), TARGET)
        above = others.max(axis=1) >= (2 if threshold is None else threshold)
        missed += bool(above.any()) and true[np.arange(3000), new.argmax(axis=1)][above].mean() < TARGET
    assert used > 0.9 * TRIALS
    error = np.std(coverage) / np.sqrt(TRIALS)
    assert LEVEL - 4 * error < np.mean(coverage) < LEVEL + 1 / (n + 1) + 4 * error
    assert holds(missed, TRIALS, low=0, high=0.05)
    best = in_set(true, set_probability(*large_sample(), LEVEL)).sum(axis=1).mean()
    assert np.mean(sizes) < 1.1 * best  # what more images, as cross-fitting would give, could save


def large_sample() -> tuple[Floats, Labels]:
    logits, labels, _ = drawn(np.random.default_rng(9), 100_000)
    return softmax(logits / SHARPNESS, axis=1), labels
