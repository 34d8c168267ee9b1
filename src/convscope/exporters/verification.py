"""Compare the logits of an exported network with those of the trained one."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import ConvscopeError
from ..types import Floats

TOLERANCE = 1e-4
"""Largest rounding error of a logit, for images whose logits are all within ±32."""

# Beyond this size the tolerance grows with the image's largest logit, as rounding errors do: float32 numbers near 32 are
# 4e-6 apart, a 26th of the tolerance, and near 3,200 a hundred times as much.
ORDINARY = 32.0
"""Size of logits up to which :data:`TOLERANCE` applies as it is."""


@dataclass(frozen=True, eq=False)
class Verification:
    """The agreement over some images, one row each."""

    logits: Floats = field(repr=False)
    """(n, k) float32, of the exported network."""
    largest_difference: float
    """Largest difference of a logit."""
    mismatched_classes: int
    """Images whose class changed: two logits within twice the tolerance of each other."""

    def __len__(self) -> int:
        return len(self.logits)

    def as_dict(self) -> dict[str, Any]:
        return {
            "images": len(self),
            "mismatched_classes": self.mismatched_classes,
            "largest_logit_difference": self.largest_difference,
        }


def compare(exported: Floats, expected: Floats, *, tolerance: float = TOLERANCE) -> Verification:
    """Compare logits (n, k) with the ``expected`` ones; raise if one differs by more than rounding errors."""
    exported, expected = np.asarray(exported, np.float32), np.asarray(expected, np.float32)
    if exported.shape != expected.shape:
        raise ConvscopeError(
            f"the exported model returns logits of shape {exported.shape}, the trained one {expected.shape}. The export was "
            "deleted; model.keras was kept."
        )
    differences = np.abs(exported - expected).max(axis=1, initial=0.0)
    allowed = tolerance * np.maximum(1.0, np.abs(expected).max(axis=1, initial=0.0) / ORDINARY)
    if not (differences <= allowed).all():  # also true for NaN
        worst = int(np.argmax(np.where(np.isfinite(differences), differences / np.abs(allowed), np.inf)))
        raise ConvscopeError(
            f"a logit of the exported model differs from the trained one's by {differences[worst]:.1e}; at most "
            f"{allowed[worst]:.1g} is accepted. The export was deleted; model.keras was kept."
        )
    different = exported.argmax(axis=1) != expected.argmax(axis=1)
    return Verification(exported, float(differences.max(initial=0.0)), int(different.sum()))
