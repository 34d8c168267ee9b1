"""Attribution: occlusion maps, and gradients with respect to the pixels.

Occlusion is the drop in log-probability when a patch of the image is covered: M. D. Zeiler and R. Fergus, "Visualizing and
Understanding Convolutional Networks", ECCV 2014. It needs only predictions, so it works with ONNX Runtime and every kind of layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...data.scaling import to_inputs
from ...models.predictor import Predictor
from ...types import Floats, Images, Inputs, Labels
from ..uncertainty.temperature import log_softmax

PATCHES_ACROSS = 7
"""Patches per side if they did not overlap; they overlap by half. On 28 × 28 pixels a patch has 4 × 4."""
BATCH_BYTES = 2**26
"""Largest size of the covered images in memory at once."""


@dataclass(frozen=True, eq=False)
class Occlusion:
    """The effect of each patch on each class."""

    classes: tuple[int, ...]
    drop: Floats
    """(classes, rows, columns) log-probability of the class minus that with the patch covered, in nats. Positive where the
    patch is evidence for the class."""
    patch: int
    """Side of a patch in pixels."""
    stride: int
    """Distance between patches in pixels; the first lies in the top left corner."""


def occlude(predictor: Predictor, image: Images, classes: Sequence[int]) -> Occlusion:
    """Return the occlusion maps of ``image`` (h, w, c) uint8 for ``classes``."""
    height, width = image.shape[:2]
    patch = max(2, min(height, width) // PATCHES_ACROSS)
    stride = max(1, patch // 2)
    tops, lefts = (np.arange(0, max(side - patch, 0) + 1, stride) for side in (height, width))
    covered = _covered(image, tops, lefts, patch)
    portion = max(1, BATCH_BYTES // image.nbytes)
    parts = (predictor.logits(covered[start : start + portion]) for start in range(0, len(covered), portion))
    # In probabilities, the effect on a class with a probability of 10⁻⁶ would not be visible.
    logarithms = log_softmax(np.concatenate(list(parts)).astype(np.float64))[:, list(classes)]
    whole = log_softmax(predictor.logits(image[None]).astype(np.float64))[0, list(classes)]
    drop = (whole - logarithms).T.reshape(len(classes), len(tops), len(lefts))
    return Occlusion(tuple(int(each) for each in classes), drop, patch, stride)


def _covered(image: Images, tops: Floats, lefts: Floats, patch: int) -> Images:
    """Return the image with each patch covered by the median of its border, (rows · columns, h, w, c), row by row."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    background = np.asarray(np.median(border, axis=0), np.uint8)
    covered = np.repeat(image[None], len(tops) * len(lefts), axis=0)
    for number, (top, left) in enumerate((int(top), int(left)) for top in tops for left in lefts):
        covered[number, top : top + patch, left : left + patch] = background
    return covered


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
    """(classes, h, w, c); the sum is ``logits`` minus ``zeros_logits``, nearly."""
    logits: Floats
    """(classes,) of the image."""
    zeros_logits: Floats
    """(classes,) of the image of zeros at the start of the path."""


def measure_saliency(gradient: LogitGradient, image: Images, classes: Sequence[int], *, steps: int = STEPS) -> Saliency:
    """Measure what the pixels of ``image`` (h, w, c) uint8 contribute to the logits of ``classes``."""
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
