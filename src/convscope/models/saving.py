"""Save and open Keras models, and compute logits with one that ends in a softmax."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.preprocessing import to_inputs
from ..errors import RunError, option, reason_of
from ..system.arrays import mark
from ..system.files import replacing
from ..types import Floats, Images, Inputs, PathLike
from .backend import full_precision, quiet_tensorflow_log, require_backend
from .keras_file import checked_copy, is_foreign, refusal
from .network import nodes

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 500
"""Images per batch through Keras."""


def save_model(model: keras.Model, path: PathLike) -> None:
    """Write ``model`` as a ``.keras`` file, completely or not at all."""
    with replacing(path) as temporary:
        model.save(temporary)
        mark(temporary)


def load_model(path: PathLike) -> keras.Model:
    """Check a ``.keras`` file and open it in Keras' safe mode, so that no code from it runs.

    A RunError means that the file is damaged, may hold code, or has another format, such as HDF5.
    """
    if is_foreign(path):
        raise RunError(refusal(path, "a .keras file"))
    content = checked_copy(path)
    require_backend()
    import keras

    try:
        # Keras opens paths only: what it reads is what was checked, whatever is at ``path`` by now.
        with tempfile.TemporaryDirectory(prefix="convscope-") as folder:
            copy = Path(folder, "model.keras")
            copy.write_bytes(content)
            # Uncompiled: nothing here needs the loss or the optimizer, and one of the user's own would need its code.
            model = keras.saving.load_model(copy, safe_mode=True, compile=False)
    except Exception as error:  # layers and back-ends raise anything for settings that do not fit
        raise RunError(
            f"{str(path)!r} cannot be opened safely ({reason_of(error)}). Pass a .keras file of Keras' own layers, or build the "
            f"model in Python: {option('model', 'file.py:build')}."
        ) from error
    if not isinstance(model, keras.Model):
        raise RunError(f"{str(path)!r} must hold a keras.Model; it holds a {type(model).__name__}.")
    return model


def with_logits(model: keras.Model) -> keras.Model:
    """Return a model that shares ``model``'s weights and outputs logits and probabilities.

    Its output is ``{"logits": (n, k), "probabilities": (n, k)}``. A RunError means that ``model`` does not end in a dense
    layer with a softmax.
    """
    import keras

    node = nodes(model)[-1]  # a layer may be part of other models too, with other inputs
    last = node.operation
    config = last.get_config()
    if not isinstance(last, keras.layers.Dense) or config["activation"] != "softmax":
        raise RunError(
            f"the model must end in a Dense layer with a softmax; it ends in {last.name!r}, a {type(last).__name__}."
        )
    # The logarithm of the probabilities would lose what float32 cannot hold below 1e-38: build the last layer again
    # without its softmax.
    plain = keras.layers.Dense(last.units, use_bias=last.use_bias, dtype="float32", name="logits")
    logits = plain(node.input_tensors[0])
    plain.set_weights(last.get_weights())
    probabilities = keras.layers.Softmax(dtype="float32", name="probabilities")(logits)
    return keras.Model(model.inputs[0], {"logits": logits, "probabilities": probabilities}, name=f"{model.name}_with_logits")


def keras_logits(with_both: keras.Model, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) in full float32, with a model of :func:`with_logits`."""
    # Without model.predict, which would first spend half a second on a graph.
    logits_of = _logits_function(with_both)
    with full_precision(), quiet_tensorflow_log():
        return np.concatenate([np.asarray(logits_of(batch)) for batch in input_batches(images)])


def input_batches(images: Images) -> Iterator[Inputs]:
    """Yield the images as inputs, in batches; one without images if there are none."""
    for start in range(0, len(images) or 1, BATCH_SIZE):
        yield to_inputs(images[start : start + BATCH_SIZE])


def _logits_function(with_both: keras.Model) -> Callable[[Inputs], Any]:
    # One TensorFlow graph takes half the time of layer after layer, including its tracing.
    if require_backend() != "tensorflow":
        return lambda inputs: with_both(inputs)["logits"]
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *with_both.input_shape[1:]), tf.float32)]

    @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator, unused-ignore]
    def logits_of(inputs: Any) -> Any:
        return with_both(inputs, training=False)["logits"]

    return lambda inputs: logits_of(tf.constant(inputs))
