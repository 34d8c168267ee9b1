"""Locks on folders, and the replacement of one folder by another.

The operating system locks a folder while it is written (``flock``): two trainings cannot share it, and a killed one
leaves no lock behind. A replacement is built next to the old folder and swapped in once it is complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import OutputError, RunExistsError
from ..system.files import TEMPORARY, cannot_write

MIN_FREE_BYTES = 32 * 2**20
"""Free disk space below which nothing is started; a run takes about 6 MB."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock ``folder`` for the block, and create it if it does not exist."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
            raise OutputError(
                f"cannot write {str(folder)!r}: the disk has less than {MIN_FREE_BYTES // 2**20} MiB free. "
                "Free some space, or choose another folder with --out DIR."
            )
        # Windows cannot open folders, and so cannot lock them either.
        descriptor = os.open(folder, os.O_RDONLY) if os.name != "nt" else None
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise cannot_write(folder, error) from error
    try:
        if descriptor is not None and not _lock(descriptor):
            remedy = "Choose another folder with --out DIR, or wait."
            raise RunExistsError(f"{str(folder)!r} is being written by another convscope process. {remedy}")
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def contents(folder: Path) -> set[str]:
    """Return the names in a folder, without the temporary files that a killed process left."""
    return {entry.name for entry in folder.iterdir() if not entry.name.startswith(TEMPORARY)}


def clear(folder: Path, *, only_temporary: bool = False) -> None:
    """Remove the contents of ``folder``, or only temporary files of a killed process."""
    for entry in folder.iterdir():
        if entry.is_dir() and not only_temporary:
            shutil.rmtree(entry)
        elif entry.name.startswith(TEMPORARY) or not only_temporary:
            entry.unlink()


def remove_if_only(folder: Path, names: set[str]) -> None:
    """Remove ``folder`` if it contains only ``names``."""
    with contextlib.suppress(OSError):
        if contents(folder) <= names:
            clear(folder)
            folder.rmdir()


def sibling_path(path: Path, what: str) -> Path:
    """Return the path next to ``path`` for its replacement (``new``) or backup (``old``)."""
    return path.absolute().with_name(f".{path.absolute().name}.{what}")


def swap(new: Path, path: Path, *, known: frozenset[str]) -> None:
    """Replace the folder ``path`` by ``new``; files that are not ``known`` are kept."""
    os.rename(path, sibling_path(path, "old"))
    complete_replacement(path, known=known)


def complete_replacement(path: Path, *, known: frozenset[str]) -> None:
    """Complete a swap that may have been killed at any point, and move the user's own files to the new folder."""
    new, old = sibling_path(path, "new"), sibling_path(path, "old")
    if not old.is_dir():
        return
    if not path.exists() and new.is_dir():
        os.rename(new, path)
    if path.is_dir():
        for name in contents(old) - known - contents(path):
            os.rename(old / name, path / name)
        shutil.rmtree(old, ignore_errors=True)


def _lock(descriptor: int) -> bool:
    """Lock until the descriptor is closed; return False if another process holds the lock."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems cannot lock; training unlocked beats refusing to train
        return True
    return True
