"""The rehearsal of a training with a user's own Keras model: what would fail after it fails before it.

One batch goes forward and backward, the network is saved and exported, and the export computes what Keras computes. It takes
about half a second, and a second where Keras' converter must write the export.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset, Split
from ..data.preprocessing import to_inputs
from ..errors import ConfigError, ConvscopeError, MissingBackendError, reason_of
from ..models.keras_model import ACTIVATIONS
from ..models.network import Network, from_keras, nodes
from ..models.onnx_writer.writer import onnx_bytes
from ..models.saving import keras_logits, save_model, with_logits
from ..types import Inputs, Labels
from .onnx import export_onnx

if TYPE_CHECKING:
    import keras

IMAGES, LEAST_VARIED = 32, 8
"""Training images in the batch: the first ones, and those with the least contrast, on which a division by it fails."""
SEARCHED_BYTES = 2**26
"""Pixels that are searched for the latter."""


def rehearse(word: str, model: Network | keras.Model, dataset: Dataset) -> None:
    """Rehearse the training of a user's own Keras model, which the messages call ``word``; ConfigError if it cannot be used.

    Networks described with convscope's layers need none.
    """
    if isinstance(model, Network):
        return
    chosen = _trial_images(dataset.train)
    before = model.get_weights()  # a function may return the same model each time
    _take_step(word, model, to_inputs(chosen.images), chosen.labels)
    model.set_weights(before)
    with tempfile.TemporaryDirectory() as folder:
        _save(word, model, Path(folder, "model.keras"))
        _export(word, model, Path(folder, "model.onnx"), dataset.class_names, chosen)


def _trial_images(train: Split) -> Split:
    searched = train.images[: max(IMAGES, SEARCHED_BYTES // train.images[0].size)].reshape(-1, train.images[0].size)
    contrast = searched.max(axis=1) - searched.min(axis=1)
    rows = np.unique([*range(min(IMAGES, len(searched))), *np.argsort(contrast, kind="stable")[:LEAST_VARIED]])
    return train.take(rows)


def _take_step(word: str, model: keras.Model, inputs: Inputs, labels: Labels) -> None:
    """Train on one batch with a learning rate of 0, which leaves finite weights as they are."""
    from ..training.keras_ext.fit import take_first_step

    _refuse_nonfinite_weights(
        word, model, "{name!r} of layer {layer!r} is {value} before the training; give it finite numbers"
    )
    try:
        loss = take_first_step(model, inputs, labels)
    except Exception as error:  # a user's layer may raise anything
        raise ConfigError(
            f"{word!r} cannot be trained: its first step fails with {type(error).__name__}: {reason_of(error)}. Change the layer "
            "that the message names, or use one of keras.layers."
        ) from error
    if not np.isfinite(loss):
        found = _first_nonfinite(model, inputs)
        raise ConfigError(
            f"the loss of {word!r} is {loss} in epoch 1, at step 1: {found} computes no finite number for some images, such as a "
            "logarithm of 0 or a division by 0. Keep what it computes with away from 0."
        )
    _refuse_nonfinite_weights(
        word, model, "the gradient of {name!r} in layer {layer!r} is {value} in epoch 1, at step 1: a later layer has no finite "
        "slope, such as a square root at 0; keep what that layer computes with away from 0"
    )  # fmt: skip


def _refuse_nonfinite_weights(word: str, model: keras.Model, message: str) -> None:
    # The last layer with such a gradient is next to the one that caused it.
    for layer in reversed(from_keras(model).layers):
        for name, array in layer.weights.items():
            if not np.isfinite(array).all():
                value = array[~np.isfinite(array)].flat[0]
                raise ConfigError(f"{word!r} cannot be trained: {message.format(name=name, layer=layer.name, value=value)}.")


def _first_nonfinite(model: keras.Model, inputs: Inputs) -> str:
    import keras

    applied = nodes(model)
    outputs = keras.Model(model.inputs[0], [node.outputs[0] for node in applied])(inputs, training=True)
    found = [
        node.operation for node, output in zip(applied, outputs, strict=True) if not np.isfinite(np.asarray(output)).all()
    ]
    return _called(found[0]) if found else "a layer"


def _save(word: str, model: keras.Model, path: Path) -> None:
    for layer in from_keras(model).layers:
        name, _, own = str(layer.settings.get("activation", "")).partition(" ")
        if own and name in ACTIVATIONS:  # Keras saves the name alone
            raise ConfigError(
                f"layer {layer.name!r} of {word!r} has an activation function of your own, called {name!r} as one of Keras, "
                "which a saved network would compute instead. Give it another name."
            )
    try:
        save_model(model, path)
    except ConvscopeError:
        raise
    except Exception as error:  # a user's layer may raise anything
        raise ConfigError(
            f"{word!r} cannot be saved: {_unsaved(model)} cannot tell its settings ({reason_of(error)}). Give its class a "
            "get_config(), or use one of keras.layers."
        ) from error


def _unsaved(model: keras.Model) -> str:
    import keras

    for node in nodes(model):
        try:
            keras.saving.serialize_keras_object(node.operation)
        except Exception:  # noqa: BLE001 - as above
            return _called(node.operation)
    return "a layer"


def _called(operation: Any) -> str:
    return f"layer {operation.name!r}, a {type(operation).__name__},"


def _export(word: str, model: keras.Model, path: Path, class_names: tuple[str, ...], chosen: Split) -> None:
    network = from_keras(model)
    try:
        expected = keras_logits(with_logits(model), chosen.images)
        export_onnx(network, path, class_names=class_names, images=chosen.images, expected=expected, model=model)
    except MissingBackendError:
        raise
    except Exception as error:  # the converter raises many kinds
        raise ConfigError(
            f"{word!r} cannot be exported to ONNX, on which predictions and pages run: {_unwritten(network)} ({reason_of(error)}). "
            "Build it of other layers of keras.layers, or of functions of keras.ops."
        ) from error


def _unwritten(network: Network) -> str:
    try:
        onnx_bytes(network)
    except ConvscopeError as error:
        return str(error).split(";")[0]
    return "the export computes other numbers than Keras"
