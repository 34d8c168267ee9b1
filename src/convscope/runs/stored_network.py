"""The network in ``snapshots.npz``: its description, as JSON in an array of bytes, and its weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import reason_of
from ..models.network import Network, Weights, from_description
from ..models.summary import layer_table
from ..system.arrays import FLOATS, Array, below
from ..system.forms import FormError, Items, Positive, Sizes, check, parse_json
from .array_forms import CLASSES, IMAGE
from .opening import wrong_value

DESCRIPTION, FINAL = "network", "final"
"""Keys in ``snapshots.npz``: the network's description as JSON bytes, and the prefix of the float32 weights."""
SETTINGS: Mapping[str, Any] = {
    "kernel_size?": [Positive], "pool_size?": [Positive], "strides?": [Positive], "units?": Positive, "filters?": Positive,
    "groups?": Positive, "activation?": str | None,
}  # fmt: skip
NETWORK: Mapping[str, Any] = {
    "name": str,
    "input_shape": [Positive],
    "layers": Items(
        {
            "name": str, "kind": str, "settings": SETTINGS, "input_shape": [Positive], "output_shape": [Positive],
            "weights": [str], "inputs?": [str],
        },
        "layers",
        low=1,
    ),
}  # fmt: skip


def parsed_bytes(path: Path, name: str, array: Array, form: Any, sizes: Sizes) -> Any:
    """Return the JSON that an array of bytes holds, after a check of its form."""
    try:
        value = parse_json(array.tobytes())
        check(form, value, sizes, name)
        return value
    except FormError as error:
        raise wrong_value(path, error) from error
    except ValueError as error:
        raise wrong_value(path, FormError(f"{name} is no JSON")) from error


def network_of(path: Path, arrays: Mapping[str, Array], sizes: Sizes) -> Network:
    """Return the network that ``snapshots.npz`` describes, with its final weights."""
    description = parsed_bytes(path, DESCRIPTION, arrays[DESCRIPTION], NETWORK, sizes)
    try:
        network = from_description(description, weights_of(arrays, FINAL))
        _refuse_other_shapes(network, sizes)
        layer_table(network)  # and with it every size that follows from the layers' settings
        for epoch in range(1, 1 + sizes["epochs"]):
            shapes, wanted = ({name: each.shape for name, each in weights.items()} for weights in
                              (weights_of(arrays, f"epoch-{epoch}"), network.weight_arrays()))  # fmt: skip
            if shapes != wanted:
                raise FormError(f"the weights of epoch {epoch} have other names or shapes than the final ones")
    except FormError as error:
        raise wrong_value(path, error) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise wrong_value(path, FormError(f"{DESCRIPTION} does not hold together ({reason_of(error)})")) from error
    return network


def weights_of(arrays: Mapping[str, Array], group: str) -> dict[str, Weights]:
    """Return the weights of a ``group`` of ``snapshots.npz`` by ``layer/weight``, in float32."""
    found = below(arrays, group)
    if other := next((name for name, array in found.items() if array.dtype.kind != FLOATS), None):
        raise FormError(f"{group}/{other} has {found[other].dtype}, not floats")
    return {name: array.astype(np.float32, copy=False) for name, array in found.items()}


def _refuse_other_shapes(network: Network, sizes: Sizes) -> None:
    if network.input_shape != (shape := tuple(sizes[name] for name in IMAGE)):
        raise FormError(f"the network takes {network.input_shape}, but images are {shape}")
    if network.layers[-1].output_shape != (sizes[CLASSES],):
        raise FormError(f"the network gives {network.layers[-1].output_shape}, but there are {sizes[CLASSES]:,} classes")
    if len({layer.name for layer in network.layers}) < len(network.layers):
        raise FormError("two layers have the same name")
    for layer in network.layers:
        inputs, outputs = layer.input_shape, layer.output_shape
        wanted = {"bias": outputs[-1:]} if layer.kind in ("Dense", "Conv2D") else {}
        if layer.kind == "Dense":
            wanted["kernel"] = (inputs[-1], outputs[-1])
        elif layer.kind == "Conv2D":
            wanted["kernel"] = (*layer.settings["kernel_size"], inputs[-1] // layer.settings.get("groups", 1), outputs[-1])
        for name, array in layer.weights.items():
            if array.shape != wanted.get(name, array.shape):
                raise FormError(f"{FINAL}/{layer.name}/{name} has the shape {array.shape}, not {wanted[name]}")
