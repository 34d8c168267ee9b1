"""The fingerprint of a network that a function or a file describes, which may describe another one the next time."""

from __future__ import annotations

import base64
import hashlib
import json
import marshal
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import TYPE_CHECKING, Any

from .network import Network, from_keras

if TYPE_CHECKING:
    import keras

OF_ONE_OBJECT = ("name", "shared_object_id", "build_config")
"""What Keras says of a layer that is another with each build, or follows from the rest."""


def network_fingerprint(model: Network | keras.Model, *, with_weights: bool = False) -> str:
    """Return a SHA-256 of the layers, their settings and connections, and ``with_weights`` of the weights; names do not count.

    A layer that cannot be described, and which therefore cannot be saved, leaves an empty text.
    """
    try:
        config = model.description() if isinstance(model, Network) else model.get_config()
        numbers = {name: str(number) for number, name in enumerate(dict.fromkeys(_names(config)))}
        text = json.dumps(_without_names(config, numbers), sort_keys=True, default=_kind)
    except Exception:  # noqa: BLE001 - a user's layer may raise anything
        return ""
    digest = hashlib.sha256(text.encode())
    if with_weights:
        network = model if isinstance(model, Network) else from_keras(model)
        for array in network.weight_arrays().values():
            digest.update(array.tobytes())
    return digest.hexdigest()


def _kind(value: object) -> str:
    return type(value).__qualname__  # and not its address, which is another in each process


def _names(value: Any) -> Iterator[str]:
    """Yield every name of a layer in a part of a description."""
    if isinstance(value, Mapping) and isinstance(name := value.get("name"), str):
        yield name
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for each in parts:
        yield from _names(each)


def _without_names(value: Any, numbers: Mapping[str, str]) -> Any:
    """Return a part of a description with numbers in place of names, which say which layers are connected."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__lambda__":
            return _computed(value["config"])
        return {key: _without_names(each, numbers) for key, each in value.items() if key not in OF_ONE_OBJECT}
    if isinstance(value, list | tuple):
        return [_without_names(each, numbers) for each in value]
    return numbers.get(value, value) if isinstance(value, str) else value


def _computed(config: Mapping[str, Any]) -> list[Any]:
    """Return what a lambda computes of Keras' description: its code, and the values of its defaults and closure."""
    code, *values = config.get("value") or config.values()
    written_just_now = marshal.loads(base64.decodebytes(code.encode()))  # noqa: S302
    return [_without_place(written_just_now), *values]


def _without_place(constant: object) -> Any:
    """Return a constant, of code its instructions: not the file and the lines that it stands in."""
    if isinstance(constant, CodeType):
        return [constant.co_code.hex(), constant.co_names, [_without_place(each) for each in constant.co_consts]]
    return sorted(map(repr, constant)) if isinstance(constant, frozenset) else repr(constant)
