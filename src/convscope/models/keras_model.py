"""From the description of a network to a ``keras.Model``, and to a ``.keras`` file without Keras.

The file is a zip of three members, which ``keras.saving.load_model`` opens in its safe mode:

- ``metadata.json`` says which version of Keras wrote it;
- ``config.json`` holds, for each layer, the class and the arguments that make it; what is left out has Keras' default;
- ``model.weights.h5`` holds the weights in Keras' order, under ``layers/conv2d_1/vars/0``: the group is numbered by the kind
  of the layer, whatever its name is.

The same network gives the same bytes: no date is stored.
"""

from __future__ import annotations

import json
import threading
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..formatting import join_words
from ..system.arrays import MARK
from ..system.files import replacing
from ..types import PathLike
from .backend import require_backend
from .keras_file import CONFIG, METADATA, WEIGHTS
from .network import Layer, Network

if TYPE_CHECKING:
    import keras

DEFAULT_NAMES = {
    "BatchNormalization": "batch_normalization",
    "Conv2D": "conv2d",
    "Dense": "dense",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "MaxPooling2D": "max_pooling2d",
    "ReLU": "re_lu",
}
"""The kinds of layers that can be made from their description, and what Keras calls the first of each."""
ACTIVATIONS = frozenset(
    {"elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear", "log_softmax", "mish", "relu", "relu6",
     "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh"}
)  # fmt: skip
"""Keras' activation functions. Others, such as a user's own, are code, which a description does not hold."""


def to_keras(network: Network, *, synchronized: bool = False) -> keras.Model:
    """Return a ``keras.Sequential`` with the layers' names, settings and weights.

    The layers compute in the precision of Keras' session, a softmax always in float32. With ``synchronized``, devices that
    share a batch normalise by the whole of it. A ConfigError means that a layer is not among :data:`DEFAULT_NAMES`.
    """
    arguments = [layer_arguments(layer) for layer in network.layers]
    if synchronized:
        for layer, given in zip(network.layers, arguments, strict=True):
            given |= {"synchronized": True} if layer.kind == "BatchNormalization" else {}
    require_backend()
    import keras

    layers = [getattr(keras.layers, layer.kind)(**given) for layer, given in zip(network.layers, arguments, strict=True)]
    model = keras.Sequential([keras.Input(network.input_shape), *layers], name=network.name)
    for layer, described in zip(layers, network.layers, strict=True):
        layer.set_weights(list(described.weights.values()))
    return model


def layer_arguments(layer: Layer) -> dict[str, Any]:
    """Return what makes the layer when it is passed to its class in Keras; a ConfigError names a layer that cannot be made."""
    if layer.kind not in DEFAULT_NAMES:
        raise ConfigError(
            f"layer {layer.name!r} is of the kind {layer.kind}, which cannot be made from its description. Use only "
            f"{join_words(sorted(DEFAULT_NAMES), 'or')}."
        )
    activation = layer.settings.get("activation", "linear")
    if activation not in ACTIVATIONS:
        raise ConfigError(
            f"layer {layer.name!r} has the activation {activation!r}, which cannot be made from its description. Use one of "
            f"{join_words(sorted(ACTIVATIONS), 'or')}."
        )
    arguments = {"name": layer.name, **layer.settings}
    if layer.kind in ("Conv2D", "Flatten", "MaxPooling2D"):
        arguments["data_format"] = "channels_last"  # a user's keras.json may have another default
    if layer.kind == "BatchNormalization":
        arguments["center"] = "beta" in layer.weights  # not among the settings
    if activation == "softmax":
        arguments["dtype"] = "float32"  # in bfloat16 it has two decimal digits
    return arguments


def default_names(kinds: Iterable[str]) -> list[str]:
    """Name layers as Keras does in a fresh session, such as ``conv2d``, ``conv2d_1`` and ``dense``."""
    counts: Counter[str] = Counter()
    names = []
    for kind in kinds:
        number = counts[kind]
        names.append(f"{DEFAULT_NAMES[kind]}_{number}" if number else DEFAULT_NAMES[kind])
        counts[kind] += 1
    return names


KERAS_VERSION = "3.12.4"
"""The oldest version that convscope supports, in whose format the file is written."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip can hold."""
UNIX, READABLE_FILE = 3, 0o100644


def write_keras_archive(network: Network, path: PathLike, metadata: Mapping[str, Any] | None = None) -> None:
    """Write ``network`` as a ``.keras`` file, completely or not at all, with ``metadata`` in its ``metadata.json``.

    All layers are in float32, whatever precision they were trained in. ConfigError if a layer is of a kind that is not in
    :data:`convscope.models.keras_model.DEFAULT_NAMES`, OutputError if the file cannot be written.
    """
    members = {
        METADATA: _json({"keras_version": KERAS_VERSION, **(metadata or {})}),
        CONFIG: _json(_model_config(network)),
        WEIGHTS: _weights_file(network),
    }
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in members.items():
            archive.writestr(_member(name), content)
        archive.comment = MARK


def _model_config(network: Network) -> dict[str, Any]:
    input_shape = [None, *network.input_shape]
    input_layer = {"batch_shape": input_shape, "dtype": "float32", "name": "input_layer"}
    layers = [_keras_object("keras.layers", "InputLayer", input_layer), *map(_layer_config, network.layers)]
    sequential = {
        "name": network.name,
        "trainable": True,
        "dtype": "float32",
        "layers": layers,
        "build_input_shape": input_shape,
    }
    return {**_keras_object("keras", "Sequential", sequential), "build_config": {"input_shape": input_shape}}


def _layer_config(layer: Layer) -> dict[str, Any]:
    return _keras_object("keras.layers", layer.kind, {**layer_arguments(layer), "dtype": "float32"})


def _keras_object(module: str, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _weights_file(network: Network) -> bytes:
    # 30 ms to import, which a program that only reads a run's page does not need.
    import h5py  # type: ignore[import-untyped]

    # In memory, where no two threads may use one name; the oldest format, because the newest store the time of each group.
    with h5py.File(f"{WEIGHTS}-{threading.get_ident()}", "w", driver="core", backing_store=False, libver="earliest") as file:
        file.create_group("vars").attrs["name"] = network.name
        groups = default_names(layer.kind for layer in network.layers)
        for group, layer in zip(groups, network.layers, strict=True):
            variables = file.create_group(f"layers/{group}/vars")
            variables.attrs["name"] = layer.name
            for number, array in enumerate(layer.weights.values()):
                variables.create_dataset(str(number), data=array, dtype="<f4", track_times=False)
        file.flush()
        image: bytes = file.id.get_file_image()
    return image


def _member(name: str) -> zipfile.ZipInfo:
    """Return a member of the zip that is the same on every day and system."""
    member = zipfile.ZipInfo(name, EARLIEST)
    member.create_system, member.external_attr = UNIX, READABLE_FILE << 16
    return member


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
