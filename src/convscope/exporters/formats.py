"""Write a run's network in an export format, completely or not at all, and check it with the runtime of its users."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import ConfigError, MissingBackendError, OutputError, unknown_name
from ..models.backend import require_backend
from ..models.onnx_writer.protobuf import with_metadata
from ..models.predictor import Predictor
from ..models.saving import load_model
from ..runs import opening
from ..runs.files import KERAS_MODEL, ONNX_MODEL, is_file_of_a_run
from ..system.files import cannot_write, destination, is_temporary, replacing, temporary_name
from ..types import Floats, Images, PathLike
from .keras import logits_of_keras, write_keras
from .metadata import ModelMetadata
from .tensorflow import CONTENTS, logits_of_litert, logits_of_saved_model, write_litert, write_saved_model
from .verification import Verification, compare

SAVED_MODEL = "saved_model"
ENDINGS = {"onnx": ".onnx", "keras": ".keras", SAVED_MODEL: "-saved-model", "litert": ".tflite"}
"""Endings of the file, or folder, by format."""
ON_TENSORFLOW = (SAVED_MODEL, "litert")

WRITE_AND_READ = {
    "keras": (write_keras, logits_of_keras),
    SAVED_MODEL: (write_saved_model, logits_of_saved_model),
    "litert": (write_litert, logits_of_litert),
}
"""Functions that write a format and compute logits from a written file."""


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
            f"files of the format {format_name} must end in {ending!r}; {str(path)!r} does not. Pass --out NAME{ending}."
        )
    if is_file_of_a_run(path):
        raise OutputError(f"{str(path)!r} is a file of a run, and is not replaced. Choose a new name with --out PATH.")
    if not os.path.lexists(path):
        return path
    if (format_name == SAVED_MODEL) != path.is_dir() or (path.is_dir() and not _is_saved_model(path)):
        what = "a folder that is no SavedModel" if path.is_dir() else "a file"
        raise OutputError(
            f"{str(path)!r} is {what} and is not replaced, even with --overwrite. Choose a new name with --out PATH."
        )
    if not overwrite:
        raise OutputError(
            f"{str(path)!r} exists already. Choose another name with --out PATH, or replace it with --overwrite."
        )
    return path


def write_export(
    format_name: str, folder: Path, path: Path, metadata: ModelMetadata, *, images: Images, expected: Floats
) -> Verification:
    """Write the network of the run in ``folder`` to ``path``; compare its logits for ``images`` with the ``expected`` ones (n, k).

    ConvscopeError if they differ, and nothing is kept; MissingBackendError if a package for the format is missing.
    """
    path = destination(path)
    if format_name == "onnx":
        with replacing(path) as temporary:
            temporary.write_bytes(with_metadata(opening.read_bytes(folder / ONNX_MODEL), metadata.to_metadata()))
            return compare(Predictor(temporary).logits(images), expected)
    backend = require_backend()
    if format_name in ON_TENSORFLOW and backend != "tensorflow":
        raise MissingBackendError(
            f"exporting to {format_name} needs KERAS_BACKEND 'tensorflow'; it is {backend!r}. Unset the variable."
        )
    write, logits_of = WRITE_AND_READ[format_name]
    model = load_model(folder / KERAS_MODEL)
    with replacing_folder(path) if format_name == SAVED_MODEL else replacing(path) as temporary:
        write(model, temporary, metadata)
        return compare(logits_of(temporary, images), expected)


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield the name of a new folder, which becomes ``path``, or whose content replaces that of the SavedModel there."""
    place = path if path.is_dir() else path.parent  # within it, since it may be a mount point
    new, old = place / temporary_name(), place / temporary_name()
    try:
        yield new
        if place == path:
            _exchange(new, path, old)
        else:
            os.rename(new, path)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise cannot_write(path, error) from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _exchange(new: Path, path: Path, old: Path) -> None:
    """Move what is in ``path`` to ``old`` and what is in ``new`` to ``path``, or leave ``path`` as it was."""
    moved: list[tuple[Path, Path]] = []
    old.mkdir()
    try:
        for source, target in ((path, old), (new, path)):
            for entry in sorted(source.iterdir()):
                if entry.name in CONTENTS:
                    os.rename(entry, target / entry.name)
                    moved.append((entry, target / entry.name))
    except BaseException:
        for source, target in reversed(moved):
            os.rename(target, source)
        raise


def _is_saved_model(path: Path) -> bool:
    names = {entry.name for entry in path.iterdir() if not is_temporary(entry.name)}
    return not names or ("saved_model.pb" in names and names <= CONTENTS)
