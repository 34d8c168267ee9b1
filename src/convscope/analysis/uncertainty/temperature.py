"""Temperature scaling: one divisor of all logits, fitted on images that were not trained on.

After C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural Networks", 2017. Predicted classes do not
change, only their confidence.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from ...system.forms import Between
from ...types import Floats, Labels
from ..statistics.proportions import HALVINGS

NUM_BINS = 15
"""Equal-width bins of confidence; the usual number since Guo et al."""
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
"""Ends of the search. A network that does worse than chance reaches the upper one."""
Temperature = Annotated[float, Between(1e-6, 1e6)]
"""A divisor of logits."""
FOLDS = 5
FIRST_STEP, INTERVAL_HALVINGS = 0.01, 12
"""Step in the logarithm of the temperature that is doubled to bracket an end of its interval, and bisections of that bracket."""
LIKELIHOOD_DROP = 1.920729
"""Half the 95th percentile of chi-squared with one degree of freedom: the likelihood-ratio interval of one parameter, after
S. S. Wilks, "The Large-Sample Distribution of the Likelihood Ratio for Testing Composite Hypotheses", 1938."""


@dataclass(frozen=True)
class TemperatureScaling:
    """A temperature, and its effect on the images that it was fitted on."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("helps",)

    temperature: Temperature
    """Confidence is ``softmax(logits / temperature)``: above 1 the network was overconfident, below 1 underconfident."""
    n: int
    """Images that it was fitted on."""
    nll_before: float
    """Mean negative log-likelihood of the true class, in nats, at temperature 1."""
    nll_after: float
    ece_before: float
    """Expected calibration error at temperature 1, 0..1."""
    ece_after: float
    interval: tuple[float, float] | None = None
    """95% likelihood-ratio interval of the temperature; None in runs of earlier versions."""
    nll_cross_fitted: float | None = None
    """As ``nll_after``, but each fifth of the images is scored at the temperature fitted on the other four."""

    @property
    def helps(self) -> bool:
        """Whether to divide the logits: the temperature differs significantly from 1 and lowers the loss of other images."""
        if self.interval is None or self.nll_cross_fitted is None:
            return self.nll_after < self.nll_before
        low, high = self.interval
        return not low <= 1 <= high and self.nll_cross_fitted < self.nll_before


def fit_temperature_scaling(logits: Floats, labels: Labels) -> TemperatureScaling | None:
    """Fit a temperature to ``logits`` (n, k) and ``labels`` (n,).

    None if every image is classified correctly: the likelihood then rises with every lower temperature.
    """
    logits = logits.astype(np.float64)
    if bool((logits.argmax(axis=1) == labels).all()):
        return None
    temperature = fit_temperature(logits, labels)
    before, after = (log_softmax(logits / each) for each in (1.0, temperature))
    return TemperatureScaling(
        temperature,
        len(labels),
        negative_log_likelihood(before, labels),
        negative_log_likelihood(after, labels),
        expected_calibration_error(np.exp(before), labels),
        expected_calibration_error(np.exp(after), labels),
        temperature_interval(logits, labels, temperature),
        cross_fitted_nll(logits, labels, start=temperature),
    )


def temperature_interval(logits: Floats, labels: Labels, fitted: float) -> tuple[float, float]:
    """Return the temperatures, within the ends of the search, that the likelihood does not reject in favour of ``fitted``."""

    def is_rejected(temperature: float) -> bool:
        loss = negative_log_likelihood(log_softmax(logits / temperature), labels)
        return len(labels) * (loss - lowest) > LIKELIHOOD_DROP

    def end(step: float) -> float:
        while MIN_TEMPERATURE < fitted * np.exp(step) < MAX_TEMPERATURE and not is_rejected(fitted * np.exp(step)):
            step *= 2
        inside, outside = 0.0, step
        for _ in range(INTERVAL_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if is_rejected(fitted * np.exp(middle)) else (middle, outside)
        return float(np.clip(fitted * np.exp(inside), MIN_TEMPERATURE, MAX_TEMPERATURE))

    lowest = negative_log_likelihood(log_softmax(logits / fitted), labels)
    return end(-FIRST_STEP), end(FIRST_STEP)


def cross_fitted_nll(logits: Floats, labels: Labels, *, start: float = 1.0) -> float:
    """Return the mean negative log-likelihood of images that took no part in fitting the temperature they are scored at."""
    # Errors are spread over the folds: without one, the likelihood would rise with every lower temperature.
    order, losses = np.argsort(logits.argmax(axis=1) == labels, kind="stable"), np.empty(len(labels))
    fold = np.empty(len(labels), np.int64)
    fold[order] = np.arange(len(labels)) % FOLDS
    for number in np.unique(fold):
        tested, fitted = fold == number, fold != number
        temperature = fit_temperature(logits[fitted], labels[fitted], start=start) if fitted.any() else 1.0
        losses[tested] = -log_softmax(logits[tested] / temperature)[np.arange(tested.sum()), labels[tested]]
    return float(losses.mean())


def fit_temperature(logits: Floats, labels: Labels, *, start: float = 1.0) -> float:
    """Return the temperature, from 0.01 to 100, with the smallest negative log-likelihood."""
    true = logits[np.arange(len(labels)), labels]
    # The likelihood is convex in the inverse temperature: Newton's steps find its minimum, halvings where they leave the bracket.
    low, high, inverse = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE, 1 / start
    for _ in range(HALVINGS):
        probabilities = np.exp(log_softmax(logits * inverse))
        expected = (probabilities * logits).sum(axis=1)
        slope = float((expected - true).mean())
        curvature = float((probabilities * (logits - expected[:, None]) ** 2).sum(axis=1).mean())
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        following = inverse - slope / curvature if curvature else 0.0
        before, inverse = inverse, following if low < following < high else (low * high) ** 0.5
        if abs(inverse - before) < 1e-8 * before:
            break
    return 1 / inverse


def log_softmax(logits: Floats) -> Floats:
    """Return (n, k) logarithms of the probabilities, without overflow."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def negative_log_likelihood(log_probabilities: Floats, labels: Labels) -> float:
    """Return the mean over the images, in nats."""
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def bin_indices(confidence: Floats, *, bins: int = NUM_BINS) -> Labels:
    """Return the bin (n,) of each ``confidence`` (n,): of equal width, with its upper edge and without its lower one."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def expected_calibration_error(probabilities: Floats, labels: Labels) -> float:
    """Return the mean distance between confidence and accuracy over bins of confidence, weighted by their images."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    gaps = np.bincount(bin_indices(confidence), weights=correct - confidence, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(labels))
