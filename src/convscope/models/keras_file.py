"""Check a ``.keras`` file before Keras opens it.

A ``.keras`` file is a zip with the network as JSON and its weights as HDF5; the JSON names classes by module and name. Keras
refuses most of what could run code. This check does not depend on Keras' version, nor on its safe mode, which any code may
switch off for the whole process, and its error names the layer. Only Keras' own classes pass, except those that hold code
or open other files.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import RunError, reason_of
from ..types import PathLike

CONFIG = "config.json"
MAX_CONFIG = 16 * 2**20
"""Bytes; a network of a thousand layers takes 1 MB."""
MAX_PACKING = 100
"""Highest plausible compression ratio: weights hardly shrink in a zip, a zip bomb does."""
HOLD_CODE = frozenset(
    {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__", "__numpy_load__", "load_model"}
)
"""Keras' own classes and functions that hold code, or open other files."""
TRUSTED = ("builtins", "keras")
NO_PARTS_OF_NETWORKS = ("keras.config", "keras.export", "keras.saving", "keras.utils")
"""Modules of Keras with side effects, such as fetching a file."""


def check_keras_file(path: PathLike) -> None:
    """Raise RunError for a ``.keras`` file that is damaged or holds more than Keras' own layers; nothing in it is run."""
    named = repr(str(Path(path)))
    try:
        with zipfile.ZipFile(path) as archive:
            config = _config(archive, named)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RecursionError, NotImplementedError) as error:
        raise RunError(
            f"{named} is no .keras file or is damaged ({reason_of(error)}). Train again, or copy the file again."
        ) from error
    for entry in _objects(config):
        _refuse_code(entry, named)


def _config(archive: zipfile.ZipFile, named: str) -> Any:
    for member in archive.infolist():
        packed, unpacked = max(member.compress_size, 1), member.file_size
        if unpacked > packed * MAX_PACKING and unpacked > MAX_CONFIG:
            raise RunError(
                f"{named} is not opened: {member.filename!r} in it unpacks to {unpacked // packed:,} times its size, at most "
                f"{MAX_PACKING} times is accepted."
            )
    if archive.getinfo(CONFIG).file_size > MAX_CONFIG:
        raise RunError(f"{named} is not opened: {CONFIG} in it is larger than {MAX_CONFIG // 2**20} MB.")
    config = json.loads(archive.read(CONFIG))
    if isinstance(config, dict):
        config.pop("compile_config", None)  # loss and optimizer, which may be a user's: convscope opens models without them
    return config


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every description of an object in the JSON, at any depth."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            pending += value.values()
        elif isinstance(value, list):
            pending += value


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
        what = f"names {entry['registered_name']!r}, a class that is not Keras' own"
    else:
        return
    raise RunError(
        f"{named} cannot be opened safely: it {what}. Pass a .keras file of Keras' own layers, or build the network in "
        "Python: --model file.py:build."
    )


HDF5 = (".h5", ".hdf5")
PICKLED = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
AS_KERAS = 'keras.saving.load_model("{name}").save("{stem}.keras")'
WEIGHTS_AS_KERAS = 'model.load_weights("{name}"); model.save("{stem}.keras")'


def is_foreign(path: PathLike) -> bool:
    """Return whether the ending belongs to a format that convscope does not open."""
    return Path(path).suffix.lower() in (*HDF5, *PICKLED)


def refusal(path: PathLike, expected: str, *, retrain: bool = False) -> str:
    """Return the error for a file that is not opened, with what is ``expected`` instead.

    ``retrain`` says that a run is needed, which only training produces.
    """
    path = Path(path)
    if path.suffix.lower() in PICKLED:
        return (
            f"{str(path)!r} is a pickled model, which runs code when it is opened; pass {expected} instead. "
            "Rebuild the network in Keras and train it: convscope train DATA --model file.py:build."
        )
    return (
        f"{str(path)!r} is an HDF5 file, Keras' older format, which may hold code and is not opened; pass {expected} instead. "
        f"If you trust it, convert it in Keras: {_conversion(path)}"
        + (f", and train its layers: convscope train DATA --model {_stem(path)}.keras" if retrain else "")
    )


def _conversion(path: Path) -> str:
    if path.stem.endswith(".weights"):
        return f"build the network, then {WEIGHTS_AS_KERAS.format(name=path.name, stem=_stem(path))}"
    return AS_KERAS.format(name=path.name, stem=_stem(path))


def _stem(path: Path) -> str:
    return path.stem.removesuffix(".weights")
