"""How far the probabilities of a network can be believed, in numbers with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Labels
from .bootstrap import bca, left_out_means, resampled_means
from .calibration import NUM_BINS, log_softmax
from .intervals import Estimate, Interval
from .reliability import ReliabilityBin, bin_places, error_by_chance, reliability


@dataclass(frozen=True)
class Sureness:
    """What the probabilities for n images are worth. Intervals: BCa bootstrap over the images, 95%."""

    n: int
    nll: Estimate
    """Negative log-likelihood: mean of −ln(p) over the images, p the probability of the true class; in nats."""
    brier: Estimate
    """Brier score: mean of the summed squares of (p − 1) for the true class and of p for the others; 0..2, 0 is certain and
    right."""
    ece: Estimate
    """Expected calibration error, 0..1: how far confidence and accuracy are apart on average over 15 bins. Measured, it is
    never zero; where chance may well account for it the interval starts at zero."""
    ece_by_chance: float
    """What a network which means what it says stays below in 19 of 20 test sets of this size."""
    gap: Estimate
    """Mean confidence less accuracy, −1..1: above zero it is surer than it is right."""
    bins: tuple[ReliabilityBin, ...]


def measure_sureness(logits: Floats, labels: Labels, *, temperature: float = 1.0, seed: int = 0) -> Sureness:
    """Of the probabilities softmax(logits / temperature): ``logits`` (n, k), ``labels`` (n,), n at least 1.

    The bootstrap draws images for all numbers at once; it takes about 0.05 s, however many images there are.
    """
    log_probabilities = log_softmax(logits.astype(np.float64) / temperature)
    probabilities = np.exp(log_probabilities)
    rows, n = np.arange(len(labels)), len(labels)
    confidence = probabilities.max(axis=1)
    right = (logits.argmax(axis=1) == labels).astype(np.int64)
    gaps = np.zeros((n, NUM_BINS))
    gaps[rows, bin_places(confidence)] = confidence - right
    brier = (probabilities**2).sum(axis=1) - 2 * probabilities[rows, labels] + 1
    values = np.column_stack([-log_probabilities[rows, labels], brier, gaps])

    whole, resampled, left_out = (_numbers(each) for each in (
        values.mean(axis=0)[None], resampled_means(values, seed=seed), left_out_means(values)))  # fmt: skip
    estimates = [
        Estimate(float(value), bca(float(value), drawn, without))
        for value, drawn, without in zip(whole[0], resampled.T, left_out.T, strict=True)
    ]
    nll, score, ece, gap = estimates
    by_chance = error_by_chance(confidence, seed=seed)
    return Sureness(n, nll, score, _widened(ece, by_chance, resampled[:, 2]), by_chance, gap, reliability(confidence, right))


def _numbers(means: Floats) -> Floats:
    """(r, 4) NLL, Brier score, calibration error and gap, from means (r, 2 + bins) of their parts."""
    gaps = means[:, 2:]
    return np.column_stack([means[:, 0], means[:, 1], np.abs(gaps).sum(axis=1), gaps.sum(axis=1)])


def _widened(ece: Estimate, by_chance: float, resampled: Floats) -> Estimate:
    """The interval of a calibration error, which cannot be below zero and is never measured as zero.

    A resampled error has the chance of both samples in it, and the correction for that overshoots where the error is not much
    larger than chance alone makes it. So there the interval goes down to zero, and up to where it ends uncorrected; then it
    holds its level or more (``tests/analysis/test_sureness.py``).
    """
    low = 0.0 if ece.interval.low <= by_chance else ece.interval.low
    high = max(ece.interval.high, ece.value, float(np.quantile(resampled, 0.975)))
    return Estimate(ece.value, Interval(low, high))
