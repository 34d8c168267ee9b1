"""The network's weights for the page: the final ones exactly, those after earlier epochs as closely as a film needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.film import epochs_to_keep, quantize_weights
from ..analysis.record import RunRecord

FINAL = "weights-final"
MOST_WEIGHTS = 6_000_000
"""Of a larger network the page shows everything but the network at work: its weights alone would be over 27 MB of text."""


def weights_entry(record: RunRecord) -> dict[str, Any] | None:
    """What the payload says of the weights: which there are, where in an island, and which island holds which epoch."""
    arrays, offset = [], 0
    for name, array in record.network.weight_arrays().items():
        arrays.append({"name": name, "shape": list(array.shape), "offset": offset})
        offset += array.size
    if offset > MOST_WEIGHTS:
        return None
    *earlier, last = _epochs(record)
    epochs = [{"epoch": epoch, "island": _island(epoch), "dtype": "float16"} for epoch in earlier]
    return {
        "arrays": arrays,
        "size": offset,
        "final": FINAL,
        "epochs": [*epochs, {"epoch": last, "island": FINAL, "dtype": "float32"}],
    }


def weights_arrays(record: RunRecord) -> dict[str, npt.NDArray[Any]]:
    """The islands' contents by id: all weights of the network, one after the other."""
    names = list(record.network.weight_arrays())
    if record.network.num_parameters > MOST_WEIGHTS:
        return {}
    final = [array.ravel() for array in record.network.weight_arrays().values()]
    islands: dict[str, npt.NDArray[Any]] = {FINAL: np.concatenate(final)}
    for epoch in _epochs(record)[:-1]:
        snapshot = record.snapshots[epoch - 1]
        islands[_island(epoch)] = np.concatenate([quantize_weights(snapshot[name]).ravel() for name in names])
    return islands


def _epochs(record: RunRecord) -> list[int]:
    return epochs_to_keep(len(record.snapshots), record.network.num_parameters)


def _island(epoch: int) -> str:
    return f"weights-epoch-{epoch}"
