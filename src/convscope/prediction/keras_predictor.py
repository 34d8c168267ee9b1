"""Predict with a ``keras.Model`` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigError, ShapeError
from ..models.functional_form import ending_in_softmax
from ..models.saving import keras_logits, with_logits
from ..types import Floats, Images

if TYPE_CHECKING:
    import keras


class KerasPredictor:
    """The counterpart of :class:`~convscope.models.predictor.Predictor` for Keras models."""

    def __init__(self, model: keras.Model) -> None:
        self.image_shape: tuple[int, int, int] = _image_shape(model)
        model = ending_in_softmax(model)
        self._model = with_logits(model)
        self.num_classes: int = int(model.output_shape[-1])

    def logits(self, images: Images) -> Floats:
        """Map images (n, h, w, c) uint8 to logits (n, k) float32."""
        if images.shape[1:] != self.image_shape:
            raise ShapeError(
                f"images have shape {images.shape}; this model takes (n, {', '.join(map(str, self.image_shape))})."
            )
        return keras_logits(self._model, images)


def _image_shape(model: keras.Model) -> tuple[int, int, int]:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or not all(isinstance(side, int) for side in shape[1:]):
        raise ConfigError(
            f"the model {model.name!r} must take inputs of shape (None, height, width, channels) with fixed sizes; it takes "
            f"{shape}. Build it with keras.Input((height, width, channels))."
        )
    return shape[1:]
