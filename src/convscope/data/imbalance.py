"""When classes are uneven: one criterion for the check of the data, the findings and the metrics."""

from collections.abc import Sequence

import numpy as np

from ..types import Labels

IMBALANCE, LEAST = 3, 10
"""Classes are imbalanced where the largest has three times the images of the smallest, as 75% to 25% of two classes, and at least
ten: fewer differ by the way a sample was drawn."""


def is_imbalanced(counts: Labels) -> bool:
    """Return whether classes with ``counts`` (k,) images are imbalanced; those without an image are left out."""
    present = counts[counts > 0]
    return bool(present.size and present.max() >= max(LEAST, IMBALANCE * present.min()))


def describe_imbalance(counts: Labels, class_names: Sequence[str]) -> str:
    """Return the numbers of training images of the largest and the smallest class; empty if the classes are even."""
    if not is_imbalanced(counts):
        return ""
    present = np.flatnonzero(counts)
    largest, smallest = present[counts[present].argmax()], present[counts[present].argmin()]
    return (
        f"classes are imbalanced: {counts[largest]:,} training images of {class_names[largest]!r}, {counts[smallest]:,} of "
        f"{class_names[smallest]!r}"
    )
