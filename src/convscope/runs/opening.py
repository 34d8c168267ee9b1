"""The one place that opens files of a run, or of a study: somebody else may have written the folder.

A file is read if it is regular, lies in the folder even where it is a link, is not larger than such files get, and, in a
complete run, is listed in the manifest. Nothing else is opened, so that no pipe, device or link of a folder's author is read.
"""

import errno
import hashlib
import os
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any

from ..errors import RunError, reason_of
from ..system.arrays import Array, read_arrays
from ..system.files import sync_descriptor
from ..system.forms import FormError, parse_json
from ..system.regular_files import MAX_TEXT, NO_FOLLOW, open_bounded, open_regular
from ..types import PathLike
from .files import FIGURES, LEDGER, MANIFEST, SCHEMA_VERSIONS

REMEDY = "Copy the run folder again, or train again."
MAX_BINARY = 4 * 2**30
"""Bytes of a file that is read and is no text by its suffix; a run of MNIST has 2 MB in all."""
MAX_LEDGER = 2**20
"""Bytes of a ledger that are read: some 4,000 lines, which take a second."""
TEXTS = frozenset({".json", ".jsonl", ".csv", ".html", ".journal"})

ALTERNATIVE = "or"
"""Key of a manifest entry: size and SHA-256 of the content that is about to replace the file."""
Contents = list[tuple[int, str]]
"""Sizes and SHA-256 that a file may have: two during a replacement."""


def open_file(path: Path) -> BufferedReader:
    """Open a file of a run for reading. Raises :class:`RunError` if it is none that a run holds."""
    folder, name = path.parent, path.name
    try:
        within, real = (os.path.realpath(each) for each in (folder, path))
        if os.path.commonpath([within, real]) != within:
            raise RunError(f"{name} in {str(folder)!r} is a link out of the folder. Put the file itself in its place.")
        return open_bounded(real, MAX_TEXT if path.suffix in TEXTS else MAX_BINARY, os.O_RDONLY | NO_FOLLOW)
    except FileNotFoundError as error:
        raise RunError(f"{name} is missing from the run folder {str(folder)!r}. {REMEDY}") from error
    except (OSError, ValueError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{str(path)!r} cannot be read: {reason_of(error)}. {REMEDY}") from error


def open_listed(path: Path) -> BufferedReader:
    """Open a file as :func:`open_file` does; one of a complete run must be in its manifest."""
    listed = None if path.name == MANIFEST else manifest_entries(path.parent)
    if listed is not None and path.name not in listed:
        raise RunError(f"{path.name} is not in the {MANIFEST} of {str(path.parent)!r}, so it is not read. {REMEDY}")
    return open_file(path)


def is_held(path: Path) -> bool:
    """Return whether a run holds the file at ``path``: a complete one lists it."""
    listed = manifest_entries(path.parent)
    return os.path.isfile(path) if listed is None else path.name in listed


def read_bytes(path: Path) -> bytes:
    """Return the content of a file of a run, or raise :class:`RunError`."""
    with open_listed(path) as file:
        return file.read()


def read_text(path: Path) -> str:
    """Return the content of a text file of a run, or raise :class:`RunError`."""
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RunError(f"{str(path)!r} is not UTF-8 text. {REMEDY}") from error


def read_json(path: PathLike) -> Any:
    """Return the content of a JSON file of a run or a study, or raise :class:`RunError`."""
    return _parsed(Path(path), read_bytes(Path(path)))


def load_arrays(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, Array]:
    """Return the ``wanted`` arrays of an ``.npz`` file of a run or a study, or raise :class:`RunError`."""
    with open_listed(path) as file:
        return read_arrays(file, str(path), wanted)


def read_ledger(folder: Path) -> list[str]:
    """Return the lines of the ledger, which the manifest does not list; none if there is none that can be read."""
    try:
        with open_file(folder / LEDGER) as file:
            return file.read(MAX_LEDGER).decode("utf-8", "replace").split("\n")
    except RunError:
        return []


def append_lines(path: Path, text: str) -> None:
    """Append whole lines to a file of a run or a study in one write, and sync it. Raises OSError, also for a link."""
    # Through a link, symbolic or hard, the lines would end up in a file that is not the run's.
    descriptor = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | NO_FOLLOW)
    try:
        if os.fstat(descriptor).st_nlink > 1:
            raise OSError(errno.EMLINK, "it has another name elsewhere")
        # After a write cut short by a full disk or a power cut, the broken rest must not swallow these lines.
        content = (f"\n{text}" if _is_cut_short(descriptor) else text).encode("utf-8")
        if os.write(descriptor, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync_descriptor(descriptor)
    finally:
        os.close(descriptor)


def manifest_entries(folder: Path) -> dict[str, Contents] | None:
    """Return what ``manifest.json`` says of each file; None for a folder without one. Raises :class:`RunError`."""
    if not os.path.lexists(folder / MANIFEST):
        return None
    with open_file(folder / MANIFEST) as file:
        manifest = _parsed(folder / MANIFEST, file.read())
    try:
        entries = entries_of(manifest)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RunError(f"{str(folder / MANIFEST)!r} does not list files with their bytes and sha256. {REMEDY}") from error
    if any(len(parts := Path(name).parts) != 1 and (parts[:1] != (FIGURES,) or ".." in parts) for name in entries):
        raise RunError(
            f"{str(folder / MANIFEST)!r} lists a file outside the run folder, so convscope did not write it. {REMEDY}"
        )
    return entries


def entries_of(manifest: Any) -> dict[str, Contents]:
    """Return the sizes and sums of each file that a manifest lists."""
    return {
        str(name): [(int(each["bytes"]), str(each["sha256"])) for each in (entry, entry.get(ALTERNATIVE)) if each]
        for name, entry in manifest["files"].items()
    }


def is_as_listed(content: bytes, contents: Contents) -> bool:
    """Return whether a file with this ``content`` is as the manifest says."""
    return (len(content), hashlib.sha256(content).hexdigest()) in contents


def _parsed(path: Path, content: bytes) -> Any:
    try:
        value = parse_json(content.decode("utf-8"))
    except FormError as error:
        raise wrong_value(path, error) from error
    except ValueError as error:
        raise RunError(f"{str(path)!r} cannot be read as JSON ({reason_of(error)}). {REMEDY}") from error
    if isinstance(value, dict):
        refuse_later_version(path, value.get("schema_version"), SCHEMA_VERSIONS.get(path.name, 1))
    return value


def _is_cut_short(descriptor: int) -> bool:
    if os.fstat(descriptor).st_size == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)  # Windows has no pread
    return os.read(descriptor, 1) != b"\n"


def refuse_later_version(path: PathLike, version: Any, newest: int) -> None:
    """Raise :class:`RunError` for a file whose version is later than the ``newest`` one that is read."""
    if isinstance(version, int) and version > newest:
        raise RunError(
            f"{str(path)!r} has version {version:,}, of a later convscope; this one reads versions up to {newest}. "
            "Install a newer convscope."
        )


def wrong_value(path: Path, error: FormError) -> RunError:
    """Return the error for a file of a run with a value that it cannot have."""
    return RunError(f"{str(path)!r} holds a wrong value: {str(error).rstrip('.')}. {REMEDY}")
