"""Saving and opening models, and reading logits out of one that ends in a softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RunError
from ..files import replacing
from ..model_files import is_foreign, refusal
from ..types import PathLike
from .backend import require_backend
from .keras_file import check_keras_file

if TYPE_CHECKING:
    import keras


def save_model(model: keras.Model, path: PathLike) -> None:
    """Write ``model`` in Keras' own ``.keras`` format, whole or not at all."""
    with replacing(path) as temporary:
        model.save(temporary)


def load_model(path: PathLike) -> keras.Model:
    """Open a ``.keras`` file, whose content is looked at first, in Keras' safe mode: no code from it runs.

    Raises :class:`RunError` for anything else, HDF5 files included.
    """
    if is_foreign(path):
        raise RunError(refusal(path, "a .keras file"))
    check_keras_file(path)
    require_backend()
    import keras

    try:
        model = keras.saving.load_model(path, safe_mode=True, compile=False)
    except (ValueError, TypeError, KeyError, OSError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise RunError(
            f"{str(path)!r} cannot be opened safely ({reason}); a .keras file of plain layers was expected. "
            "Train again, or build the model in Python."
        ) from error
    if not isinstance(model, keras.Model):
        raise RunError(f"{str(path)!r} holds a {type(model).__name__}; a keras.Model was expected.")
    return model


def with_logits(model: keras.Model) -> keras.Model:
    """A model that shares the weights of ``model`` and returns ``{"logits": (n, k), "probabilities": (n, k)}``.

    The notebook's networks end in a dense layer with a softmax. Taking the logarithm of its probabilities would lose
    what float32 cannot hold below 1e-38, so the last layer is laid out again without the softmax.
    """
    import keras

    last = model.layers[-1]
    config = last.get_config()
    if not isinstance(last, keras.layers.Dense) or config["activation"] != "softmax":
        raise RunError(
            f"the model ends in {last.name!r}, a {type(last).__name__}; a Dense layer with a softmax was expected "
            "as the last one."
        )
    plain = keras.layers.Dense(last.units, use_bias=last.use_bias, dtype="float32", name="logits")
    logits = plain(last.input)
    plain.set_weights(last.get_weights())
    probabilities = keras.layers.Softmax(dtype="float32", name="probabilities")(logits)
    return keras.Model(model.inputs[0], {"logits": logits, "probabilities": probabilities}, name=f"{model.name}_with_logits")
