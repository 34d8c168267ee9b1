"""Training batches as arrays, for Keras' back-ends other than TensorFlow. Imports Keras, so the stream imports it last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt

from ..data.prepare import to_inputs

if TYPE_CHECKING:
    from .batches import BatchStream

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]


class BatchSequence(keras.utils.PyDataset):  # type: ignore[misc]
    """The batches of a stream by number; asking for number 0 begins the epoch that the stream is at."""

    def __init__(self, stream: BatchStream) -> None:
        super().__init__()
        self._stream = stream
        self._batches: Iterator[Batch] = iter(())
        self._next = 0

    def __len__(self) -> int:
        return self._stream.steps_per_epoch

    def __getitem__(self, index: int) -> Any:
        if index == 0:
            self._batches, self._next = self._from_start(), 0
        if index != self._next:
            raise IndexError(f"batch {index} was asked for; {self._next} comes next")
        self._next += 1
        return next(self._batches)

    def _from_start(self) -> Iterator[Batch]:
        for images, labels in self._stream.blocks():
            for batch, of_batch in zip(images, labels, strict=True):
                yield to_inputs(batch), of_batch
