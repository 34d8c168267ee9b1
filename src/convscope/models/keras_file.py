"""What is in a ``.keras`` file, looked at before Keras is asked to open it.

A ``.keras`` file is a zip with the network as JSON and its weights as HDF5. The JSON names classes by module and name. Keras
refuses most of what could run code; the look here does not depend on Keras' version, nor on whether somebody has switched
its safe mode off for the whole process, and names the layer: only Keras' own classes pass, and of those none that holds
code, or opens other files.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..types import PathLike

CONFIG = "config.json"
LARGEST_CONFIG = 16 * 2**20
"""Bytes. A network of a thousand layers takes one."""
MOST_PACKING = 100
"""Weights hardly shrink in a zip; what unpacks to more than this many times its size is no model."""
HOLD_CODE = frozenset(
    {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__", "__numpy_load__", "load_model"}
)
"""Of Keras' own classes and functions: those that hold code, or open further files."""
TRUSTED = ("builtins", "keras")
NO_PARTS_OF_NETWORKS = ("keras.config", "keras.export", "keras.saving", "keras.utils")
"""Modules of Keras that do things, such as fetching a file, rather than compute."""


def check_keras_file(path: PathLike) -> None:
    """Raise :class:`RunError` unless ``path`` is a ``.keras`` file of Keras' own layers. Nothing of it is run."""
    named = repr(str(Path(path)))
    if not Path(path).is_file() or not zipfile.is_zipfile(path):
        raise RunError(f"{named} is no model; a .keras file was expected. Train again, or copy the file again.")
    try:
        with zipfile.ZipFile(path) as archive:
            config = _config(archive, named)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RecursionError, NotImplementedError) as error:
        reason = str(error).strip().split("\n")[0][:160]
        raise RunError(
            f"{named} is damaged, or no model of Keras ({reason}); a .keras file was expected. "
            "Train again, or copy the file again."
        ) from error
    for entry in _objects(config):
        _refuse_code(entry, named)


def _config(archive: zipfile.ZipFile, named: str) -> Any:
    for member in archive.infolist():
        packed, unpacked = max(member.compress_size, 1), member.file_size
        if unpacked > packed * MOST_PACKING and unpacked > LARGEST_CONFIG:
            raise RunError(
                f"{named} unpacks to {unpacked // packed:,} times its size in {member.filename!r}; weights, which hardly "
                "shrink, were expected. It is not opened."
            )
    if archive.getinfo(CONFIG).file_size > LARGEST_CONFIG:
        raise RunError(f"{named} describes its network in over {LARGEST_CONFIG // 2**20} MB; far less was expected.")
    return json.loads(archive.read(CONFIG))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every description of an object in the JSON, however deep."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _refuse_code(entry: dict[str, Any], named: str) -> None:
    name, module = str(entry["class_name"]), entry.get("module")
    inner = entry.get("config")
    function = inner.get("name") if isinstance(inner, dict) and name == "function" else inner if name == "function" else ""
    if module is not None and str(module).split(".")[0] not in TRUSTED:
        what = f"names {f'{module}.{name}'!r}, which is code outside Keras"
    elif str(module).startswith(NO_PARTS_OF_NETWORKS):
        what = f"names {f'{module}.{name}'!r}, which is no part of a network"
    elif name in HOLD_CODE or str(function) in HOLD_CODE:
        what = f"holds a {name if name in HOLD_CODE else function}, which brings code or opens other files"
    elif entry.get("registered_name") not in (None, "", name, function) and ">" in str(entry["registered_name"]):
        what = f"names {entry['registered_name']!r}, a class of somebody's own"
    else:
        return
    raise RunError(
        f"{named} cannot be opened safely: it {what}; a .keras file of Keras' own layers was expected. "
        "Build the network in Python, and name the file that does: --model file.py:build."
    )
