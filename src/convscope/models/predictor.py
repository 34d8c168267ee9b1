"""Logits from ``model.onnx`` through ONNX Runtime, which starts in 0.2 s."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..data.scaling import to_inputs
from ..errors import RunError, ShapeError, reason_of
from ..types import Floats, Images, PathLike

BATCH_SIZE = 128
"""Images per batch: the activations of a small network stay in the processor's cache."""
INPUTS, LOGITS, PROBABILITIES, FEATURES = "inputs", "logits", "probabilities", "features"


class Predictor:
    """An exported network, ready to classify."""

    def __init__(self, source: PathLike | bytes) -> None:
        """Open the path or the content of an ``.onnx`` file; RunError unless convscope wrote it."""
        self._session = open_session(source)
        self._input = self._session.get_inputs()[0]
        self._outputs = {output.name for output in self._session.get_outputs()}
        if LOGITS not in self._outputs:
            raise RunError(f"{_name(source)} is no .onnx file of convscope: it has no output named {LOGITS!r}.")

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape (h, w, c) of one input image."""
        return tuple(self._input.shape[1:])

    @property
    def metadata(self) -> Mapping[str, str]:
        """Text entries of the file: ``class_names`` as JSON, ``pixel_scale`` and more."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def has_features(self) -> bool:
        """Whether the model has the output ``features``; files of earlier versions lack it."""
        return FEATURES in self._outputs

    def logits(self, images: Images) -> Floats:
        """Map images (n, h, w, c) uint8 to logits (n, k) float32; ShapeError for another shape."""
        return self._run([LOGITS], images)[0]

    def features_and_logits(self, images: Images) -> tuple[Floats, Floats]:
        """Map images (n, h, w, c) uint8 to last-layer inputs (n, d) and logits (n, k), float32."""
        features, logits = self._run([FEATURES, LOGITS], images)
        return features, logits

    def check_shape(self, images: Images) -> None:
        """Raise ShapeError unless ``images`` are (n, h, w, c) of the model's h, w and c."""
        if images.shape[1:] != self.image_shape:
            raise ShapeError(
                f"images have shape {images.shape}; this model takes (n, {', '.join(map(str, self.image_shape))}). "
                "Resize them first."
            )

    def _run(self, names: list[str], images: Images) -> list[Floats]:
        self.check_shape(images)

        def batch(start: int) -> list[Floats]:
            inputs = to_inputs(images[start : start + BATCH_SIZE])
            try:
                results: list[Floats] = self._session.run(names, {self._input.name: inputs})
            except Exception as error:
                raise RunError(
                    f"ONNX Runtime cannot run the model ({error}). Train again, or copy the run folder again."
                ) from error
            return results

        starts = range(0, len(images) or 1, BATCH_SIZE)  # no images: one empty batch, so that results have a shape
        if len(starts) == 1:
            return batch(0)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return [np.concatenate(parts) for parts in zip(*pool.map(batch, starts), strict=True)]


def open_session(source: PathLike | bytes) -> Any:
    """Open an ONNX model, by path or content, with one thread per call, or raise RunError."""
    import onnxruntime

    # Callers run one thread per batch instead of several per layer: twice as fast where other programs want the
    # processor too, equally fast elsewhere, and the results do not depend on the number of threads.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(
            source if isinstance(source, bytes) else str(Path(source)), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's exceptions share no other base class
        raise RunError(
            f"{_name(source)} is no .onnx file of convscope or is damaged ({reason_of(error)}). Train again, or copy the run "
            "folder again."
        ) from error


def _name(source: PathLike | bytes) -> str:
    return "the model in memory" if isinstance(source, bytes) else repr(str(Path(source)))
