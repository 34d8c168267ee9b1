"""Atomic file writes.

Each file is written under a temporary name in its own folder, synced and renamed into place; then the folder is synced.
A crash leaves the old file or the new one, never a mixture. The sync costs a few milliseconds per file.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import OutputError, reason_of
from ..types import PathLike

TEMPORARY = ".partial-"
"""Prefix of temporary files. A leftover may be deleted."""


@contextlib.contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path, which replaces ``path`` on success and is removed on failure.

    An OutputError means that the file cannot be written.
    """
    path = Path(path)
    # The name keeps its suffix, because Keras chooses the file format by it.
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(4)}-{path.name}")
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_bytes(path: PathLike, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: PathLike, text: str) -> None:
    """Write ``text`` atomically as UTF-8, with LF line ends on every system."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: PathLike, value: Any) -> None:
    """Write strict JSON, indented, with keys in the order given."""
    # Browsers cannot parse NaN.
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def make_folder(path: PathLike) -> None:
    """Create a folder and its parents if they are missing, or raise an OutputError."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: PathLike, error: OSError) -> OutputError:
    """Return the error for a failed write."""
    return OutputError(
        f"cannot write {str(path)!r}: {reason_of(error)}. "
        "Choose another folder, writable and with free space, with --out DIR."
    )


def _sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open folders; the rename alone has to do
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
