"""Check a ``.keras`` file before Keras opens it.

A ``.keras`` file is a zip with the network as JSON and its weights as HDF5; the JSON names classes by module and name. Keras
refuses most of what could run code. This check does not depend on Keras' version, nor on its safe mode, which any code may
switch off for the whole process, and its error names what it refuses: only the parts of networks in
:mod:`convscope.models.keras_names` pass, and only weights that stand in the file itself. Keras gets a copy of what passed.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import RunError, option, reason_of, spelled
from ..system.forms import parse_json
from ..types import PathLike
from .keras_names import ACTIVATIONS, FUNCTION_MODULES, MODELS, PARTS

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MAX_CONFIG = 16 * 2**20
"""Bytes; a network of a thousand layers takes 1 MB."""
MAX_WEIGHTS = 2**32
MAX_PACKING = 100
"""Highest plausible compression ratio: weights hardly shrink in a zip, a zip bomb does."""
MAX_NUMBER = 2**24
"""Largest size of a layer, far beyond any that can be trained; a random seed may be larger."""
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def checked_copy(path: PathLike) -> bytes:
    """Return the content of a ``.keras`` file with the network and its weights alone.

    A RunError means that the file is damaged, or holds more than Keras' own layers; nothing in it is run.
    """
    named = repr(str(Path(path)))
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, named)
            config = _parts_only(json.loads(archive.read(CONFIG)), named)
            if not isinstance(config, dict) or config.get("class_name") not in MODELS:
                raise ValueError(f"{CONFIG} describes no network")
            if not isinstance(parse_json(archive.read(METADATA)), dict):
                raise ValueError(f"{METADATA} is no object")
            members = {CONFIG: json.dumps(config).encode(), **{name: archive.read(name) for name in (METADATA, WEIGHTS)}}
        _check_weights(members[WEIGHTS], named)
    except RunError:
        raise
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, RecursionError, NotImplementedError, RuntimeError) as error:
        raise RunError(
            f"{named} is no .keras file or is damaged ({reason_of(error)}). Train again, or copy the file again."
        ) from error
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return copy.getvalue()


def _check_members(archive: zipfile.ZipFile, named: str) -> None:
    names = archive.namelist()
    if len(names) != len(set(names)) or not {CONFIG, METADATA, WEIGHTS} <= set(names):
        missing = next((name for name in (CONFIG, METADATA, WEIGHTS) if names.count(name) != 1), "a member")
        raise ValueError(f"it holds {missing} {names.count(missing)} times")
    for name in (CONFIG, METADATA, WEIGHTS):
        member = archive.getinfo(name)
        packed, unpacked = max(member.compress_size, 1), member.file_size
        if unpacked > packed * MAX_PACKING and unpacked > MAX_CONFIG:
            raise RunError(
                f"{named} is not opened: {name!r} in it unpacks to {unpacked // packed:,} times its size, at most "
                f"{MAX_PACKING} times is accepted."
            )
        most = MAX_WEIGHTS if name == WEIGHTS else MAX_CONFIG
        if unpacked > most or member.compress_type not in PACKINGS:
            raise RunError(
                f"{named} is not opened: {name!r} in it is larger than {most // 2**20:,} MB, or packed in a rare way."
            )


def _parts_only(value: Any, named: str, key: str = "") -> Any:
    """Return the JSON without losses and optimizers, which may be a user's, after a check of every object in it."""
    if isinstance(value, list):
        return [_parts_only(each, named, key) for each in value]
    if isinstance(value, int) and abs(value) > MAX_NUMBER and key not in ("seed", "shared_object_id"):
        raise RunError(f"{named} is not opened: {key!r} in it is {value:,}; at most {MAX_NUMBER:,} is accepted.")
    if not isinstance(value, dict):
        return value
    if value.keys() & {"class_name", "module", "registered_name"} and (what := _foreign_part(value)):
        raise RunError(
            f"{named} cannot be opened safely: it names {what[:80]!r}, which is no layer, activation or other part of Keras "
            "that runs no code of a file. Pass a .keras file of such parts, or build it in Python: "
            f"{option('model', 'file.py:build')}."
        )
    kept = {name: each for name, each in value.items() if name != "compile_config"}
    return {name: _parts_only(each, named, name) for name, each in kept.items()}


def _foreign_part(entry: dict[str, Any]) -> str:
    """Return the name of what an object of the JSON is, if it is none of the accepted ones; an empty text if it is."""
    name, module, registered = entry.get("class_name"), entry.get("module"), entry.get("registered_name")
    if name == "function":
        name = entry.get("config")
        known = module in FUNCTION_MODULES and isinstance(name, str) and name in ACTIVATIONS
    else:
        known = isinstance(module, str | None) and isinstance(name, str) and name in PARTS.get(module, frozenset())
    if known and registered in (None, name, "function"):
        return ""
    return str(registered) if known or (module is None and registered) else f"{module}.{name}"


def _check_weights(content: bytes, named: str) -> None:
    """Refuse weights that stand elsewhere, or that take more memory than the file."""
    # 30 ms to import, before the seconds of Keras.
    import h5py  # type: ignore[import-untyped]

    with h5py.File(io.BytesIO(content), "r") as file:
        if any(data.external or data.is_virtual or data.nbytes > data.id.get_storage_size() or data.dtype.kind not in "fiubV"
               for data in _datasets(h5py, file)):  # fmt: skip
            raise RunError(f"{named} is not opened: its weights stand in another file, or are no plain arrays of numbers.")


def _datasets(h5py: Any, file: Any) -> Iterator[Any]:
    pending, seen = [file], set()
    while pending:
        group = pending.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"its weights hold a link, {name!r}")
            inner = group[name]
            address = h5py.h5o.get_info(inner.id).addr
            if address in seen:
                raise ValueError(f"its weights hold {name!r} twice")
            seen.add(address)
            if isinstance(inner, h5py.Group):
                pending.append(inner)
            else:
                yield inner


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
            f"Rebuild the network in Keras and train it: {_training('file.py:build')}."
        )
    return (
        f"{str(path)!r} is an HDF5 file, Keras' older format, which may hold code and is not opened; pass {expected} instead. "
        f"If you trust it, convert it in Keras: {_conversion(path)}"
        + (f", and train its layers: {_training(f'{_stem(path)}.keras')}" if retrain else "")
    )


def _conversion(path: Path) -> str:
    if path.stem.endswith(".weights"):
        return f"build the network, then {WEIGHTS_AS_KERAS.format(name=path.name, stem=_stem(path))}"
    return AS_KERAS.format(name=path.name, stem=_stem(path))


def _training(model: str) -> str:
    return spelled(f"convscope train DATA --model {model}", f'convscope.train(data, model="{model}")')


def _stem(path: Path) -> str:
    return path.stem.removesuffix(".weights")
