"""What each pixel of an image contributes to the logit of a class, by gradients.

Gradient × input: the gradient of the logit by each pixel, times the pixel (A. Shrikumar, P. Greenside, A. Shcherbina and
A. Kundaje, "Not just a black box", 2016). Integrated gradients: the mean of the gradients on the straight path from an image
of zeros to this one, times the pixel, so that the pixels share the whole difference between the two logits (M. Sundararajan,
A. Taly and Q. Yan, "Axiomatic attribution for deep networks", ICML 2017). The page computes both in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..data.prepare import to_inputs
from ..types import Floats, Images, Inputs, Labels

STEPS = 32
"""Points on the path from zeros to the image, as many as in the page."""


class LogitGradient(Protocol):
    """A network whose logits have gradients, such as ``training.gradients.InputGradient``."""

    def of_logits(self, inputs: Inputs, classes: Labels) -> tuple[Floats, Floats]:
        """Return the gradients of logit ``classes[i]`` of image i, and all logits (n, k)."""


@dataclass(frozen=True, eq=False)
class Saliency:
    """Contributions of pixels and channels: positive for the class, negative against it."""

    classes: tuple[int, ...]
    gradient_times_input: Floats
    """(classes, h, w, c), in units of the logit."""
    integrated: Floats
    """(classes, h, w, c); the sum is ``logits`` minus ``zeros_logits``, up to :attr:`rest`."""
    logits: Floats
    """(classes,) of the image."""
    zeros_logits: Floats
    """(classes,) of the image of zeros at the start of the path."""

    @property
    def rest(self) -> Floats:
        """(classes,) difference of the logits that the integrated gradients leave unexplained."""
        return np.asarray(self.logits - self.zeros_logits - self.integrated.sum(axis=(1, 2, 3)))


def measure_saliency(gradient: LogitGradient, image: Images, classes: Sequence[int], *, steps: int = STEPS) -> Saliency:
    """Measure what the pixels of an image contribute to the logits of ``classes``.

    The image is (h, w, c) uint8. Takes ``steps`` + 2 passes forward and back per class.
    """
    inputs, chosen = to_inputs(image), np.asarray(classes, np.int64)
    shares = np.r_[0, 1, (np.arange(steps) + 0.5) / steps].astype(np.float32)
    path = shares[:, None, None, None] * inputs
    slopes, logits = gradient.of_logits(np.concatenate([path] * len(chosen)), np.repeat(chosen, len(path)))
    by_class = slopes.reshape(len(chosen), *path.shape)
    return Saliency(
        tuple(chosen.tolist()),
        by_class[:, 1] * inputs,
        by_class[:, 2:].mean(axis=1, dtype=np.float64) * inputs,
        logits[1, chosen],
        logits[0, chosen],
    )
