"""Write a network as a ``.keras`` file without Keras.

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
from collections.abc import Mapping
from typing import Any

from ..system.arrays import MARK
from ..system.files import replacing
from ..types import PathLike
from .keras_model import default_names, layer_arguments
from .network import Layer, Network

KERAS_VERSION = "3.12.4"
"""The oldest version that convscope supports, in whose format the file is written."""

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
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
