"""How nearly an exported network answers what the network itself does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ConvscopeError
from ..types import Floats

TOLERANCE = 1e-4
"""Largest difference of a logit that is put down to rounding."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Over some images, one row each."""

    logits: Floats = field(repr=False)
    """(n, k) float32 of the exported network."""
    largest_difference: float
    """Of a logit; at most :data:`TOLERANCE`."""
    classes_that_differ: int
    """Images whose class changed. Where logits agree, that takes two classes that are equally probable but for rounding."""

    def __len__(self) -> int:
        return len(self.logits)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "images": len(self),
            "classes_that_differ": self.classes_that_differ,
            "largest_logit_difference": self.largest_difference,
        }


def compare(exported: Floats, expected: Floats, *, tolerance: float = TOLERANCE) -> Agreement:
    """Hold logits (n, k) against those that were ``expected``. Raises :class:`ConvscopeError` where they disagree."""
    exported, expected = np.asarray(exported, np.float32), np.asarray(expected, np.float32)
    same_shape = exported.shape == expected.shape
    difference = float(np.abs(exported - expected).max(initial=0.0)) if same_shape else float("inf")
    if not difference <= tolerance:  # nor where it is not a number
        raise ConvscopeError(
            f"the exported model disagrees with the trained one by {difference:.1e} in a logit; at most {TOLERANCE:g} "
            "was expected. It was not kept; model.keras was."
        )
    return Agreement(exported, difference, int((exported.argmax(axis=1) != expected.argmax(axis=1)).sum()))
