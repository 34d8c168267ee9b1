"""How nearly an exported network answers what the network itself does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ConvscopeError
from ..types import Floats

TOLERANCE = 1e-4
"""Largest difference of a logit that is put down to rounding, of an image whose logits are all within ±32."""
ORDINARY = 32.0
"""Beyond it the tolerance grows with the image's largest logit, for so do the roundings of float32: next to 32 its numbers lie
4e-6 apart, a 26th of the tolerance, and next to 3,200 a hundred times as far."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Over some images, one row each."""

    logits: Floats = field(repr=False)
    """(n, k) float32 of the exported network."""
    largest_difference: float
    """Of a logit; of ordinary ones at most :data:`TOLERANCE`."""
    classes_that_differ: int
    """Images whose class changed. Where logits agree, that takes two classes whose logits lie within twice the tolerance."""

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
    if exported.shape != expected.shape:
        raise ConvscopeError(
            f"the exported model answers with logits of shape {exported.shape}; {expected.shape} was expected. It was not kept; "
            "model.keras was."
        )
    differences = np.abs(exported - expected).max(axis=1, initial=0.0)
    allowed = tolerance * np.maximum(1.0, np.abs(expected).max(axis=1, initial=0.0) / ORDINARY)
    if not (differences <= allowed).all():  # nor where one is not a number
        worst = int(np.argmax(np.where(np.isfinite(differences), differences / np.abs(allowed), np.inf)))
        raise ConvscopeError(
            f"the exported model disagrees with the trained one by {differences[worst]:.1e} in a logit; at most "
            f"{allowed[worst]:.1g} was expected. It was not kept; model.keras was."
        )
    different = exported.argmax(axis=1) != expected.argmax(axis=1)
    return Agreement(exported, float(differences.max(initial=0.0)), int(different.sum()))
