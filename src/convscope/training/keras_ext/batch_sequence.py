"""Training batches as arrays, for Keras' back-ends other than TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt

from ...data.scaling import to_inputs
from ...types import Images

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]


class Blocks(Protocol):
    """What a sequence needs of a stream of batches."""

    steps_per_epoch: int

    def blocks(self) -> Iterator[tuple[Images, npt.NDArray[np.int32]]]:
        """Yield one epoch as images (steps, b, h, w, c) uint8 and labels (steps, b)."""
        ...


class BatchSequence(keras.utils.PyDataset):  # type: ignore[misc]
    """The batches of a stream by index, in order; index 0 starts the stream's current epoch."""

    def __init__(self, stream: Blocks) -> None:
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
            raise IndexError(f"batches must be read in order: the next is {self._next}; got {index}.")
        self._next += 1
        return next(self._batches)

    def _from_start(self) -> Iterator[Batch]:
        for images, labels in self._stream.blocks():
            for batch, batch_labels in zip(images, labels, strict=True):
                yield to_inputs(batch), batch_labels
