"""Writing files so that a half-written one is never mistaken for a whole one.

Every file goes to a temporary name in its own folder, is synced, and is renamed into place; the folder is synced too.
A crash therefore leaves the old file or the new one, never a mixture. The sync costs a few milliseconds per file.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import OutputError
from .types import PathLike

TEMPORARY = ".partial-"
"""Prefix of temporary files: whoever finds one may delete it."""


@contextlib.contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path beside ``path`` to write to; on success it takes the place of ``path``.

    The suffix is kept, because Keras chooses the format by it. Raises :class:`OutputError` where the file cannot be
    written, and leaves nothing behind.
    """
    path = Path(path)
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
    """Write ``content`` to ``path``, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: PathLike, text: str) -> None:
    """Write ``text`` as UTF-8 with ``\\n`` line ends on every system, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: PathLike, value: Any) -> None:
    """Write strict JSON (no NaN, which no browser can read), indented, keys in the order given."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def make_folder(path: PathLike) -> None:
    """Create a folder with its parents, if it is not there. Raises :class:`OutputError`."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: PathLike, error: OSError) -> OutputError:
    """The sentence for a failed write."""
    reason = error.strerror or str(error) or type(error).__name__
    return OutputError(
        f"cannot write {str(path)!r}: {reason[:1].lower()}{reason[1:]}. "
        "A folder with free space that you may write to was expected; choose another with --out DIR."
    )


def _sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk. Windows cannot open folders: there the rename must do."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
