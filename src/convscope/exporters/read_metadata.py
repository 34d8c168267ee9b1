"""Read convscope's metadata from an exported file or folder, without the runtime that computes it."""

import json
import zipfile
from pathlib import Path
from typing import Any

from ..errors import ConvscopeError, RunError
from ..models.keras_file import METADATA
from ..models.onnx_file import MAX_FILE, MAX_METADATA
from ..models.onnx_writer import protobuf
from ..system.regular_files import open_bounded
from .metadata import EXTRA, HUB_CONFIG, METADATA_FILE, NAME, ModelMetadata, from_metadata


def read_metadata(path: Path, image_shape: tuple[int, int, int] | None = None) -> ModelMetadata | None:
    """Return convscope's metadata in what it exported, for a network that takes (h, w, c) if known; None if there are none.

    RunError if they are damaged.
    """
    try:
        text = _in_folder(path) if path.is_dir() else _in_onnx(path) if path.suffix == ".onnx" else _in_archive(path)
        return None if text is None else from_metadata({NAME: text}, image_shape)
    except ConvscopeError:
        raise
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the metadata of {str(path)!r} are damaged ({error!r}). Export it again with `convscope export`."
        ) from error


def _in_folder(path: Path) -> str | None:
    found = next((each for each in (path / EXTRA / METADATA_FILE, path / HUB_CONFIG) if each.is_file()), None)
    if found is None:
        return None
    with open_bounded(found, MAX_METADATA) as file:
        return file.read().decode("utf-8")


def _in_onnx(path: Path) -> str | None:
    with open_bounded(path, MAX_FILE) as file:
        return protobuf.read_metadata(file.read()).get(NAME)


def _in_archive(path: Path) -> str | None:
    """Return the metadata in a ``.keras`` file, or appended to one of LiteRT."""
    with open_bounded(path, MAX_FILE) as file, zipfile.ZipFile(file) as archive:
        if METADATA_FILE in archive.namelist():
            return _member(archive, METADATA_FILE).decode("utf-8")
        document: dict[str, Any] = json.loads(_member(archive, METADATA))
    return json.dumps(document[NAME]) if NAME in document else None


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_METADATA:
        raise ValueError(f"{name} is too large")
    return archive.read(name)
