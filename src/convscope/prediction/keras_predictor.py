"""Predict with a ``keras.Model`` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigError, ShapeError
from ..models.saving import keras_logits, with_logits
from ..types import Floats, Images

if TYPE_CHECKING:
    import keras


class KerasPredictor:
    """The counterpart of :class:`~convscope.models.predictor.Predictor` for Keras models."""

    def __init__(self, model: keras.Model) -> None:
        self.image_shape = _image_shape(model)
        model = _ending_in_softmax(model)
        self._model = with_logits(model)
        self.num_classes = int(model.output_shape[-1])

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


def _ending_in_softmax(model: keras.Model) -> keras.Model:
    """Return a model with the same weights whose last dense layer has a softmax, if it lacks one; else ``model``."""
    import keras

    dense = model.layers[-2] if isinstance(model.layers[-1], keras.layers.Softmax) else model.layers[-1]
    if not isinstance(dense, keras.layers.Dense) or dense.get_config()["activation"] != "linear" or dense.units < 2:
        return model
    name = f"{dense.name}_with_softmax"
    whole = keras.layers.Dense(dense.units, activation="softmax", use_bias=dense.use_bias, dtype="float32", name=name)
    joined = keras.Model(model.inputs[0], whole(dense.input), name=model.name)
    whole.set_weights(dense.get_weights())
    return joined
