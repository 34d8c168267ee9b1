"""A ``keras.Model`` that answers as an exported network does: for those who hold one in Python and have no file of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigError, ShapeError
from ..export.onnx import keras_logits
from ..models.saving import with_logits
from ..types import Floats, Images

if TYPE_CHECKING:
    import keras


class KerasPredictor:
    """Takes what :class:`~convscope.models.predictor.Predictor` takes. Raises :class:`ConfigError` for a model of anything but
    pictures of one size, :class:`RunError` for one that ends in neither a softmax nor logits."""

    def __init__(self, model: keras.Model) -> None:
        self.image_shape = _image_shape(model)
        model = _ending_in_softmax(model)
        self._model = with_logits(model)
        self.num_classes = int(model.output_shape[-1])

    def logits(self, images: Images) -> Floats:
        """(n, h, w, c) uint8 → (n, k) float32, the pixels scaled to 0..1. Raises :class:`ShapeError` for another shape."""
        if images.shape[1:] != self.image_shape:
            raise ShapeError(
                f"images have shape {images.shape}; this model takes (n, {', '.join(map(str, self.image_shape))})."
            )
        return keras_logits(self._model, images)


def _image_shape(model: keras.Model) -> tuple[int, int, int]:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or not all(isinstance(side, int) for side in shape[1:]):
        raise ConfigError(
            f"the model {model.name!r} takes an input of shape {shape}; (None, height, width, channels), with numbers for the "
            "last three, was expected. Build it with keras.Input((height, width, channels))."
        )
    return shape[1:]


def _ending_in_softmax(model: keras.Model) -> keras.Model:
    """``model``; of one that ends in a dense layer without an activation, or in that and a softmax of its own, another that
    shares its weights and ends in one dense layer with a softmax."""
    import keras

    dense = model.layers[-2] if isinstance(model.layers[-1], keras.layers.Softmax) else model.layers[-1]
    if not isinstance(dense, keras.layers.Dense) or dense.get_config()["activation"] != "linear" or dense.units < 2:
        return model
    name = f"{dense.name}_with_softmax"
    whole = keras.layers.Dense(dense.units, activation="softmax", use_bias=dense.use_bias, dtype="float32", name=name)
    joined = keras.Model(model.inputs[0], whole(dense.input), name=model.name)
    whole.set_weights(dense.get_weights())
    return joined
