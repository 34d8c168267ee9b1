"""The spread of the accuracy over seeds, which the interval of a single training leaves out."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..formatting import percent
from ..training.recipes import changed_settings

MNIST = "466bdc00ce7ea4e6eef6274eb1ff4787902972196c3396d0fb05a045121f1f8b"
"""Fingerprint of the whole of it."""


class Spread(NamedTuple):
    """Test accuracies of a recipe on MNIST, trained with several seeds."""

    model: str
    mean: float
    deviation: float
    """Standard deviation, 0..1."""
    seeds: int


MEASURED = {
    "sprint": Spread("cnn", 0.9922, 0.0006, 30),
    "standard": Spread("cnn", 0.9951, 0.0006, 10),
    "best": Spread("cnn", 0.9960, 0.0004, 10),
    "strong": Spread("strong", 0.9972, 0.0003, 3),
}
"""From ``benchmarks/results/accuracy.json``."""


def seed_spread(run: Mapping[str, Any], fingerprint: str) -> str:
    """Return a sentence on what training with other seeds gives; ``run`` is ``run.json``, ``fingerprint`` that of the data."""
    known = MEASURED.get(run["recipe"])
    is_measured = known and fingerprint == MNIST and run["model"] == known.model and not run.get("stopped_early")
    if known and is_measured and changed_settings(run["config"], run.get("training_set")) == {}:
        return (
            f"Trained with other seeds, this recipe reaches {100 * known.mean:.2f} ± {percent(known.deviation)} on MNIST (mean ± "
            f"standard deviation of {known.seeds} seeds)."
        )
    return "One training does not show how the accuracy varies over seeds; convscope study does."
