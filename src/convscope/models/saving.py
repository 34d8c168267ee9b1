"""Save and open Keras models, and read logits from one that ends in a softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RunError
from ..system.files import replacing
from ..types import PathLike
from .backend import require_backend
from .keras_file import check_keras_file, is_foreign, refusal

if TYPE_CHECKING:
    import keras


def save_model(model: keras.Model, path: PathLike) -> None:
    """Write ``model`` as a ``.keras`` file, completely or not at all."""
    with replacing(path) as temporary:
        model.save(temporary)


def load_model(path: PathLike) -> keras.Model:
    """Check a ``.keras`` file and open it in Keras' safe mode, so that no code from it runs.

    A RunError means that the file is damaged, may hold code, or has another format, such as HDF5.
    """
    if is_foreign(path):
        raise RunError(refusal(path, "a .keras file"))
    check_keras_file(path)
    require_backend()
    import keras

    try:
        # Uncompiled: nothing here needs the loss or the optimizer, and one of the user's own would need its code.
        model = keras.saving.load_model(path, safe_mode=True, compile=False)
    except (ValueError, TypeError, KeyError, OSError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise RunError(
            f"{str(path)!r} cannot be opened safely ({reason}). Pass a .keras file of Keras' own layers, or build the model in "
            "Python: --model file.py:build."
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

    last = model.layers[-1]
    config = last.get_config()
    if not isinstance(last, keras.layers.Dense) or config["activation"] != "softmax":
        raise RunError(
            f"the model must end in a Dense layer with a softmax; it ends in {last.name!r}, a {type(last).__name__}."
        )
    # The logarithm of the probabilities would lose what float32 cannot hold below 1e-38: build the last layer again
    # without its softmax.
    plain = keras.layers.Dense(last.units, use_bias=last.use_bias, dtype="float32", name="logits")
    logits = plain(last.input)
    plain.set_weights(last.get_weights())
    probabilities = keras.layers.Softmax(dtype="float32", name="probabilities")(logits)
    return keras.Model(model.inputs[0], {"logits": logits, "probabilities": probabilities}, name=f"{model.name}_with_logits")
