"""Write a run's network in an export format, completely or not at all, and check it with the runtime of its users."""

import contextlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from ..errors import ConfigError, MissingBackendError, OutputError, option, unknown_name
from ..models.backend import require_backend
from ..models.saving import load_model
from ..runs.files import KERAS_MODEL, is_file_of_a_run
from ..system.files import cannot_write, destination, is_temporary, replacing, temporary_name
from ..types import Floats, Images, PathLike
from . import hub, tensorflow
from .keras import logits_of_keras, write_keras
from .metadata import ModelMetadata
from .onnx import logits_of_onnx, write_onnx
from .tensorflow import logits_of_litert, logits_of_saved_model, write_litert, write_saved_model
from .verification import Verification, compare

SAVED_MODEL, HUB = "saved_model", "hub"
ENDINGS = {"onnx": ".onnx", "keras": ".keras", SAVED_MODEL: "-saved-model", "litert": ".tflite", HUB: "-hub"}
"""Endings of the file, or folder, by format."""

WITHOUT_BACKEND: Mapping[str, tuple[Callable[[Path, Path, ModelMetadata], None], Callable[[Path, Images], Floats]]] = {
    "onnx": (write_onnx, logits_of_onnx),
    HUB: (hub.write_hub, hub.logits_of_hub),
    "keras": (write_keras, logits_of_keras),
}
WRITE_AND_READ = {
    SAVED_MODEL: (write_saved_model, logits_of_saved_model),
    "litert": (write_litert, logits_of_litert),
}
"""Functions that write a format, of a run folder or of a Keras model, and compute logits from what was written."""
FOLDERS = {
    SAVED_MODEL: ("SavedModel", tensorflow.CONTENTS, tensorflow.is_saved_model),
    HUB: ("folder for the Hub that convscope wrote", hub.CONTENTS, hub.is_hub_folder),
}
"""Formats that are folders: what one is called, its files, and whether a folder is one. Others are not replaced."""


def check_format(format_name: str) -> None:
    """Raise :class:`ConfigError` for an unknown format."""
    if format_name not in ENDINGS:
        raise ConfigError(unknown_name("format", format_name, ENDINGS))


def choose_output(format_name: str, name: str, out: PathLike | None, *, overwrite: bool) -> Path:
    """Return the path of the export, which may be written: ``out``, or a name after the run in the current folder."""
    ending = ENDINGS[format_name]
    path = Path(name + ending if out is None else out)
    if ending.startswith(".") and path.suffix.lower() != ending:
        raise ConfigError(
            f"files of the format {format_name} must end in {ending!r}; {str(path)!r} does not. "
            f"Pass {option('out', 'NAME' + ending)}."
        )
    if is_file_of_a_run(path):
        raise OutputError(
            f"{str(path)!r} is a file of a run, and is not replaced. Choose a new name with {option('out', 'PATH')}."
        )
    if not os.path.lexists(path):
        return path
    if (format_name in FOLDERS) != os.path.isdir(path) or (os.path.isdir(path) and not _is_own(format_name, path)):
        kind, *_ = FOLDERS.get(format_name, FOLDERS[SAVED_MODEL])
        what = f"a folder that is no {kind}" if os.path.isdir(path) else "a file"
        raise OutputError(
            f"{str(path)!r} is {what} and is not replaced, even with {option('overwrite', True)}. "
            f"Choose a new name with {option('out', 'PATH')}."
        )
    if not overwrite:
        raise OutputError(
            f"{str(path)!r} exists already. Choose another name with {option('out', 'PATH')}, "
            f"or replace it with {option('overwrite', True)}."
        )
    return path


def write_export(
    format_name: str, folder: Path, path: Path, metadata: ModelMetadata, *, images: Images, expected: Floats
) -> Verification:
    """Write the network of the run in ``folder`` to ``path``; compare its logits for ``images`` with the ``expected`` ones (n, k).

    ConvscopeError if they differ, and nothing is kept; MissingBackendError if a package for the format is missing. Without
    images nothing is compared.
    """
    path = destination(path)
    output = replacing_folder(path, FOLDERS[format_name][1]) if format_name in FOLDERS else replacing(path)
    if format_name in WITHOUT_BACKEND:
        write_run, logits_of = WITHOUT_BACKEND[format_name]
        with output as temporary:
            write_run(folder, temporary, metadata)
            if not len(images):
                return Verification(expected, 0.0, 0)
            return compare(logits_of(temporary, images), expected)
    backend = require_backend()
    if backend != "tensorflow":
        raise MissingBackendError(
            f"exporting to {format_name} needs KERAS_BACKEND 'tensorflow'; it is {backend!r}. Unset the variable."
        )
    write, logits_of = WRITE_AND_READ[format_name]
    model = load_model(folder / KERAS_MODEL)
    with output as temporary:
        write(model, temporary, metadata)
        return compare(logits_of(temporary, images), expected)


@contextlib.contextmanager
def replacing_folder(path: Path, contents: Collection[str]) -> Iterator[Path]:
    """Yield the name of a new folder, which becomes ``path``, or whose ``contents`` replace those there."""
    place = path if os.path.isdir(path) else path.parent  # within it, since it may be a mount point
    new, old = place / temporary_name(), place / temporary_name()
    try:
        yield new
        if place == path:
            _exchange(new, path, old, contents)
        else:
            os.rename(new, path)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise cannot_write(path, error) from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _exchange(new: Path, path: Path, old: Path, contents: Collection[str]) -> None:
    """Move what is in ``path`` to ``old`` and what is in ``new`` to ``path``, or leave ``path`` as it was."""
    moved: list[tuple[Path, Path]] = []
    old.mkdir()
    try:
        for source, target in ((path, old), (new, path)):
            for entry in sorted(source.iterdir()):
                if entry.name in contents:
                    os.rename(entry, target / entry.name)
                    moved.append((entry, target / entry.name))
    except BaseException:
        for source, target in reversed(moved):
            os.rename(target, source)
        raise


def _is_own(format_name: str, path: Path) -> bool:
    _, contents, is_one = FOLDERS[format_name]
    names = {entry.name for entry in path.iterdir() if not is_temporary(entry.name)}
    return not names or (names <= contents and is_one(path))
