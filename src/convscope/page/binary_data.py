"""Arrays as text in the page: ``<script type="text/plain" id="…">base64(zlib(bytes))</script>``, decoded on first use.

Multi-byte numbers are little-endian and stored as byte planes: all first bytes, then all second bytes, and so on. The high
bytes of weights are similar and the low ones noise; separated, they compress 8% better.
"""

import base64
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.epoch_snapshots import epochs_to_keep, quantize_weights
from ..runs.record import RunRecord

Array = npt.NDArray[Any]
FINAL = "weights-final"

LEVEL = 7
"""Compression level; 4 is 0.15 s faster for MNIST's test images and takes 4% more, 9 takes 2.6 s longer and saves 0.5%."""
MAX_WEIGHTS = 6_000_000
"""Largest number of weights in a page. The weights of a larger network would take over 27 MB, so it does not run live."""


def weights_entry(record: RunRecord) -> dict[str, Any] | None:
    """Return the entry ``weights`` of the payload: the arrays with their offsets, and the island of each epoch."""
    arrays, offset = [], 0
    for name, array in record.network.weight_arrays().items():
        arrays.append({"name": name, "shape": list(array.shape), "offset": offset})
        offset += array.size
    if offset > MAX_WEIGHTS:
        return None
    *earlier, last = _epochs(record)
    epochs = [
        {"epoch": epoch, "island": _island(epoch), "steps": [step for _, step in _quantized(record, epoch)]}
        for epoch in earlier
    ]
    return {
        "arrays": arrays,
        "size": offset,
        "final": FINAL,
        "epochs": [*epochs, {"epoch": last, "island": FINAL, "steps": None}],
    }


def weights_arrays(record: RunRecord) -> dict[str, Array]:
    """Return the islands by id, each with all weights of the network concatenated."""
    if record.network.num_parameters > MAX_WEIGHTS:
        return {}
    final = [array.ravel() for array in record.network.weight_arrays().values()]
    islands: dict[str, Array] = {FINAL: np.concatenate(final)}
    for epoch in _epochs(record)[:-1]:
        islands[_island(epoch)] = np.concatenate([steps.ravel() for steps, _ in _quantized(record, epoch)])
    return islands


def _quantized(record: RunRecord, epoch: int) -> list[tuple[Array, float]]:
    """Return the arrays of an epoch in the order of the network, each with the size of a step."""
    snapshot = record.snapshots[epoch - 1]
    return [quantize_weights(snapshot[name], final) for name, final in record.network.weight_arrays().items()]


def _epochs(record: RunRecord) -> list[int]:
    return epochs_to_keep(len(record.snapshots), record.network.num_parameters)


def _island(epoch: int) -> str:
    return f"weights-epoch-{epoch}"


def encode(array: Array) -> str:
    """Return ``array`` as text; the text does not record dtype and shape."""
    return base64.b64encode(zlib.compress(planes(array), LEVEL)).decode("ascii")


def planes(array: Array) -> bytes:
    """Return the elements as little-endian byte planes, in row-major order."""
    elements = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).ravel()
    if elements.itemsize == 1:
        return elements.tobytes()
    return elements.view(np.uint8).reshape(-1, elements.itemsize).T.tobytes()
