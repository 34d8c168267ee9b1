"""Logits from ``model.onnx`` through ONNX Runtime: starts in a fifth of a second, needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..data.prepare import to_inputs
from ..errors import RunError, ShapeError
from ..types import Floats, Images, PathLike

BATCH_SIZE = 512
LOGITS = "logits"


class Predictor:
    """An exported network, ready to classify. Raises :class:`RunError` where ``path`` is not one of convscope's."""

    def __init__(self, path: PathLike) -> None:
        import onnxruntime

        try:
            self._session = onnxruntime.InferenceSession(str(Path(path)), providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions share no base class but this one
            reason = str(error).strip().split("\n")[0][:160]
            raise RunError(
                f"{str(path)!r} cannot be opened ({reason}); an .onnx file that convscope wrote was expected. "
                "Train again, or copy the run folder again."
            ) from error
        self._input = self._session.get_inputs()[0]
        if LOGITS not in {output.name for output in self._session.get_outputs()}:
            raise RunError(f"{str(path)!r} has no output named {LOGITS!r}; an .onnx file that convscope wrote was expected.")

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(h, w, c) of the images that it takes."""
        return tuple(self._input.shape[1:])

    def logits(self, images: Images) -> Floats:
        """(n, h, w, c) uint8 → (n, k) float32. Raises :class:`ShapeError` for images of another shape."""
        if images.shape[1:] != self.image_shape:
            raise ShapeError(
                f"images have shape {images.shape}; this model takes (n, {', '.join(map(str, self.image_shape))}). "
                "Resize them first."
            )
        batches = (images[start : start + BATCH_SIZE] for start in range(0, len(images), BATCH_SIZE))
        outputs = [self._session.run([LOGITS], {self._input.name: to_inputs(batch)})[0] for batch in batches]
        return np.concatenate(outputs)
