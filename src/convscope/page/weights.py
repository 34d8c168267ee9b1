"""The network's weights for the page: the final ones exactly, those of earlier epochs quantized."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.film import epochs_to_keep, quantize_weights
from ..analysis.record import RunRecord

FINAL = "weights-final"
MOST_WEIGHTS = 6_000_000
"""Largest number of weights in a page. The weights of a larger network would take over 27 MB, so it does not run live."""


def weights_entry(record: RunRecord) -> dict[str, Any] | None:
    """Return the entry ``weights`` of the payload: the arrays with their offsets, and the island of each epoch."""
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
    """Return the islands by id, each with all weights of the network concatenated."""
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
