"""Where an image speaks for a class: what the class loses when a patch of the image is covered.

After M. D. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional Networks", 2014. It needs nothing of the network
but its answers, so it works through ONNX Runtime and for every kind of layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..models.predictor import Predictor
from ..types import Floats, Images
from .calibration import log_softmax

PATCHES_ACROSS = 7
"""A patch covers a seventh of the image each way: 4 × 4 pixels of MNIST's 28 × 28. They overlap by half."""
BATCH_BYTES = 2**26
"""Covered images in memory at once."""


@dataclass(frozen=True, eq=False)
class Occlusion:
    """What each class loses under each patch."""

    classes: tuple[int, ...]
    drop: Floats
    """(classes, rows, columns): the logarithm of the probability of the class as it is, less that when the patch is covered, in
    nats. Positive where the image speaks for the class, negative where it speaks against it."""
    patch: int
    """Side of a patch, in pixels."""
    stride: int
    """From one patch to the next; the first begins at the top left corner."""


def occlude(predictor: Predictor, image: Images, classes: Sequence[int]) -> Occlusion:
    """Cover ``image`` (h, w, c) patch by patch with the level that its border has, for these ``classes``.

    Logarithms, because what covers half of what spoke for a class that got a millionth leaves no trace in the probability.
    """
    height, width = image.shape[:2]
    patch = max(2, min(height, width) // PATCHES_ACROSS)
    stride = max(1, patch // 2)
    tops, lefts = (np.arange(0, max(side - patch, 0) + 1, stride) for side in (height, width))
    covered = _covered(image, tops, lefts, patch)
    portion = max(1, BATCH_BYTES // image.nbytes)
    parts = (predictor.logits(covered[start : start + portion]) for start in range(0, len(covered), portion))
    logarithms = log_softmax(np.concatenate(list(parts)).astype(np.float64))[:, list(classes)]
    whole = log_softmax(predictor.logits(image[None]).astype(np.float64))[0, list(classes)]
    drop = (whole - logarithms).T.reshape(len(classes), len(tops), len(lefts))
    return Occlusion(tuple(int(each) for each in classes), drop, patch, stride)


def _covered(image: Images, tops: Floats, lefts: Floats, patch: int) -> Images:
    """(rows · columns, h, w, c): the image under each patch, in the order of a text."""
    ground = _ground(image)
    covered = np.repeat(image[None], len(tops) * len(lefts), axis=0)
    for number, (top, left) in enumerate((int(top), int(left)) for top in tops for left in lefts):
        covered[number, top : top + patch, left : left + patch] = ground
    return covered


def _ground(image: Images) -> Images:
    """(c,) the median level along the border: that of the ground, for a drawing."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return np.asarray(np.median(border, axis=0), np.uint8)
