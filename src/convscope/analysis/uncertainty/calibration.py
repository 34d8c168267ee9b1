"""Calibration of predicted probabilities: bins of confidence, and scores with intervals."""

from dataclasses import dataclass

import numpy as np

from ...types import Floats, Labels
from ..statistics.bootstrap import bca, left_out_means, resampled_means
from ..statistics.proportions import Z_95, Estimate, Interval, wilson
from .temperature import NUM_BINS, bin_indices, log_softmax

DRAWS = 2000


@dataclass(frozen=True)
class ReliabilityBin:
    """The images with a confidence above ``low`` and at most ``high``; at least one."""

    low: float
    high: float
    n: int
    correct: int
    confidence: float
    """Mean, 0..1."""
    accuracy: float
    """Share that was classified correctly."""
    interval: Interval
    """Of the accuracy: Wilson, 95%."""


def reliability(confidence: Floats, correct: Labels, *, bins: int = NUM_BINS) -> tuple[ReliabilityBin, ...]:
    """Return the bins that hold an image, in ascending order."""
    indices = bin_indices(confidence, bins=bins)
    counts = np.bincount(indices, minlength=bins)
    hits = np.bincount(indices, weights=correct, minlength=bins)
    sums = np.bincount(indices, weights=confidence, minlength=bins)
    return tuple(
        ReliabilityBin(
            index / bins,
            (index + 1) / bins,
            int(counts[index]),
            int(hits[index]),
            float(sums[index] / counts[index]),
            float(hits[index] / counts[index]),
            wilson(int(hits[index]), int(counts[index])),
        )
        for index in np.flatnonzero(counts).tolist()
    )


def ece_null_quantile(confidence: Floats, *, seed: int = 0) -> float:
    """Return the 95th percentile of the expected calibration error under perfect calibration.

    It is above zero: of a hundred predictions with 90% confidence, seldom exactly ninety are correct. After J. Bröcker and
    L. A. Smith, "Increasing the reliability of reliability diagrams", 2007.
    """
    indices = bin_indices(confidence)
    # The number of correct predictions in a bin is taken as normal: then the sum of variances is all that a bin needs.
    variance = np.bincount(indices, weights=confidence * (1 - confidence), minlength=NUM_BINS)
    draws = np.random.Generator(np.random.PCG64(seed)).normal(size=(DRAWS, NUM_BINS)) * np.sqrt(variance)
    return float(np.quantile(np.abs(draws).sum(axis=1), 0.95) / len(confidence))


@dataclass(frozen=True)
class CalibrationMetrics:
    """Scores of the probabilities of n images. Intervals: BCa bootstrap over the images, 95%, wider where errors are few."""

    n: int
    nll: Estimate
    """Negative log-likelihood: mean of −ln(p) over the images, p the probability of the true class; in nats."""
    brier: Estimate
    """Brier score: mean of the summed squares of (p − 1) for the true class and of p for the others; 0..2, 0 is best."""
    ece: Estimate
    """Expected calibration error, 0..1: mean distance between confidence and accuracy over 15 bins. The measured value is never
    zero; where chance can account for it the interval starts at zero."""
    ece_null_95: float
    """95th percentile of the ECE under perfect calibration at this sample size."""
    overconfidence: Estimate
    """Mean confidence minus accuracy, −1..1."""
    bins: tuple[ReliabilityBin, ...]


def measure_calibration(logits: Floats, labels: Labels, *, temperature: float = 1.0, seed: int = 0) -> CalibrationMetrics:
    """Measure the probabilities softmax(logits / temperature), of ``logits`` (n, k) and ``labels`` (n,)."""
    log_probabilities = log_softmax(logits.astype(np.float64) / temperature)
    probabilities = np.exp(log_probabilities)
    rows, n = np.arange(len(labels)), len(labels)
    confidence = probabilities.max(axis=1)
    correct = (logits.argmax(axis=1) == labels).astype(np.int64)
    gaps = np.zeros((n, NUM_BINS))
    gaps[rows, bin_indices(confidence)] = confidence - correct
    brier = (probabilities**2).sum(axis=1) - 2 * probabilities[rows, labels] + 1
    # One matrix, so that the bootstrap draws images once for all scores.
    values = np.column_stack([-log_probabilities[rows, labels], brier, gaps])

    whole, resampled, left_out = (_scores(each) for each in (
        values.mean(axis=0)[None], resampled_means(values, seed=seed), left_out_means(values)))  # fmt: skip
    estimates = [
        Estimate(float(value), bca(float(value), drawn, without))
        for value, drawn, without in zip(whole[0], resampled.T, left_out.T, strict=True)
    ]
    nll, score, ece, overconfidence = estimates
    null = ece_null_quantile(confidence, seed=seed)
    penalties = (*_penalties(probabilities, values[:, :2], correct), (1.0, 1.0))
    nll, score, overconfidence = (
        _allowing_for_unseen_errors(each, *both, confidence, correct)
        for each, both in zip((nll, score, overconfidence), penalties, strict=True)
    )
    ece = _with_valid_interval(ece, null, resampled[:, 2], overconfidence.interval)
    return CalibrationMetrics(n, nll, score, ece, null, overconfidence, reliability(confidence, correct))


def _scores(means: Floats) -> Floats:
    """Return (r, 4) NLL, Brier score, ECE and overconfidence from means (r, 2 + bins) of their parts."""
    gaps = means[:, 2:]
    return np.column_stack([means[:, 0], means[:, 1], np.abs(gaps).sum(axis=1), gaps.sum(axis=1)])


def _penalties(probabilities: Floats, scores: Floats, correct: Labels) -> list[tuple[float, float]]:
    """Return by how much an error raises each of ``scores`` (n, 2), NLL and Brier: as observed, and for an unseen error."""
    # Of an unseen one: the mean of the observed errors and of z²/2 more, as many as Wilson's interval adds, as predicted.
    others = np.where(probabilities < probabilities.max(axis=1, keepdims=True), probabilities, 0)
    logs = -np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    squares = (probabilities**2).sum(axis=1, keepdims=True) - 2 * probabilities + 1
    right, wrong, mass = scores[correct == 1], scores[correct == 0], float(others.sum())
    base = right.mean(axis=0) if len(right) else np.zeros(2)
    predicted = [float((others * each).sum()) / mass if mass else 0.0 for each in (logs, squares)]
    observed = np.maximum(wrong.mean(axis=0) - base, 0) if len(wrong) else np.zeros(2)
    expected, added = np.maximum(predicted - base, observed), Z_95**2 / 2
    unseen = (len(wrong) * observed + added * expected) / (len(wrong) + added)
    return list(zip(observed.tolist(), unseen.tolist(), strict=True))


def _allowing_for_unseen_errors(
    estimate: Estimate, observed: float, unseen: float, confidence: Floats, correct: Labels
) -> Estimate:
    """Return the score with an interval that also holds with few errors.

    Each error has raised the score by ``observed``; one more would raise it by ``unseen``.
    """
    # Resamples of a test set without errors have none, however many the network makes elsewhere. So the interval also has the
    # scores at both ends of Wilson's interval of the errors, for as many images as give their share the variance that it has.
    mean, variance = float(confidence.mean()), float((confidence * (1 - confidence)).mean())
    n = len(confidence) * max(1.0, mean * (1 - mean) / variance if variance > 0 else 1.0)
    errors = 1 - float(correct.mean())
    fewest, most = wilson(errors * n, n)
    low, high = estimate.interval
    # Without the observed errors no score falls below that of the other images, which is never negative.
    ends = (estimate.value - observed * (errors - fewest), estimate.value + unseen * (most - errors))
    return Estimate(estimate.value, Interval(min(low, ends[0]), max(high, ends[1])))


def _with_valid_interval(ece: Estimate, null: float, resampled: Floats, gap: Interval) -> Estimate:
    """Return the ECE with an interval that has at least its nominal coverage, as simulations in the tests show."""
    # A resampled ECE holds the chance of both samples, and the BCa correction for that overshoots where the error is hardly
    # larger than chance makes it. There the interval starts at zero and ends where it does uncorrected.
    # But it is at least the distance between mean confidence and accuracy.
    low = max(0.0 if ece.interval.low <= null else ece.interval.low, gap.low, -gap.high)
    high = max(ece.interval.high, ece.value, float(np.quantile(resampled, 0.975)))
    return Estimate(ece.value, Interval(low, high))
