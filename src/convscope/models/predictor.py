"""Logits from ``model.onnx`` through ONNX Runtime: starts in a fifth of a second, needs no TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..data.prepare import to_inputs
from ..errors import RunError, ShapeError
from ..types import Floats, Images, PathLike

BATCH_SIZE = 128
"""So small that what the layers of a small network hand on stays in the processor's cache."""
INPUTS, LOGITS, PROBABILITIES, FEATURES = "inputs", "logits", "probabilities", "features"


class Predictor:
    """An exported network, ready to classify. Raises :class:`RunError` where ``source`` is not one of convscope's.

    ``source``: the path of an ``.onnx`` file, or its content.
    """

    def __init__(self, source: PathLike | bytes) -> None:
        import onnxruntime

        # A thread per batch, in place of several threads for each layer: twice as fast where other programs want the
        # processor too, equally fast elsewhere, and the results do not depend on the number of threads.
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        named = "the model in memory" if isinstance(source, bytes) else repr(str(Path(source)))
        try:
            self._session = onnxruntime.InferenceSession(
                source if isinstance(source, bytes) else str(Path(source)), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's exceptions share no base class but this one
            reason = str(error).strip().split("\n")[0][:160]
            raise RunError(
                f"{named} cannot be opened ({reason}); an .onnx file that convscope wrote was expected. "
                "Train again, or copy the run folder again."
            ) from error
        self._input = self._session.get_inputs()[0]
        self._outputs = {output.name for output in self._session.get_outputs()}
        if LOGITS not in self._outputs:
            raise RunError(f"{named} has no output named {LOGITS!r}; an .onnx file that convscope wrote was expected.")

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(h, w, c) of the images that it takes."""
        return tuple(self._input.shape[1:])

    @property
    def metadata(self) -> Mapping[str, str]:
        """What was written into the file beside the network: ``class_names`` as JSON, ``pixel_scale``."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def has_features(self) -> bool:
        """Whether it also gives what its last layer is given; files of earlier versions do not."""
        return FEATURES in self._outputs

    def logits(self, images: Images) -> Floats:
        """(n, h, w, c) uint8 → (n, k) float32. Raises :class:`ShapeError` for images of another shape."""
        return self._run([LOGITS], images)[0]

    def features_and_logits(self, images: Images) -> tuple[Floats, Floats]:
        """(n, h, w, c) uint8 → (n, d), the activations of the last hidden layer, and (n, k), both float32.

        Raises :class:`ShapeError` for images of another shape.
        """
        features, logits = self._run([FEATURES, LOGITS], images)
        return features, logits

    def _run(self, names: list[str], images: Images) -> list[Floats]:
        if images.shape[1:] != self.image_shape:
            raise ShapeError(
                f"images have shape {images.shape}; this model takes (n, {', '.join(map(str, self.image_shape))}). "
                "Resize them first."
            )

        def batch(start: int) -> list[Floats]:
            inputs = to_inputs(images[start : start + BATCH_SIZE])
            try:
                results: list[Floats] = self._session.run(names, {self._input.name: inputs})
            except Exception as error:
                raise RunError(f"the model cannot be run ({error}); one that convscope wrote was expected.") from error
            return results

        starts = range(0, len(images) or 1, BATCH_SIZE)  # of no images an empty batch: shapes are what was asked for
        if len(starts) == 1:
            return batch(0)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return [np.concatenate(parts) for parts in zip(*pool.map(batch, starts), strict=True)]
