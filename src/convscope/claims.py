"""Who may write into a folder, and how a new folder takes the place of an old one.

A folder that is being written is locked by the operating system (``flock``): two trainings cannot share it, and a
killed one leaves no lock behind. A replacement is built beside the old folder and swapped in when it is complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from .errors import OutputError, RunExistsError
from .files import TEMPORARY, cannot_write

MINIMUM_FREE_BYTES = 32 * 2**20
"""A run takes about 6 MB; with less than this on the disk it is not worth starting."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Create ``folder`` if need be and lock it for the length of the block; a folder that stays empty is removed again.

    Raises :class:`RunExistsError` where another process holds it, :class:`OutputError` where it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < MINIMUM_FREE_BYTES:
            raise OutputError(
                f"cannot write {str(folder)!r}: less than 32 MiB are free there. "
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
            raise RunExistsError(
                f"{str(folder)!r} is being written by another convscope; a folder of its own was expected. "
                "Choose another with --out DIR, or wait."
            )
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def contents(folder: Path) -> set[str]:
    """What is in a folder, but for temporary files that a killed process left."""
    return {entry.name for entry in folder.iterdir() if not entry.name.startswith(TEMPORARY)}


def clear(folder: Path, *, only_temporary: bool = False) -> None:
    """Remove what is in ``folder``, or of that only what a killed process left half-written."""
    for entry in folder.iterdir():
        if entry.is_dir() and not only_temporary:
            shutil.rmtree(entry)
        elif entry.name.startswith(TEMPORARY) or not only_temporary:
            entry.unlink()


def remove_unless_more_than(folder: Path, names: set[str]) -> None:
    """After a failure: a folder with nothing but ``names`` in it is of no use to anyone."""
    with contextlib.suppress(OSError):
        if contents(folder) <= names:
            clear(folder)
            folder.rmdir()


def beside(path: Path, what: str) -> Path:
    """The hidden neighbour of ``path`` in which its replacement is built (``new``) or put aside (``old``)."""
    return path.absolute().with_name(f".{path.absolute().name}.{what}")


def swap(new: Path, path: Path, *, known: frozenset[str]) -> None:
    """Put the complete folder ``new`` in the place of ``path``; what is in ``path`` and not ``known`` moves along."""
    os.rename(path, beside(path, "old"))
    finish_swap(path, known=known)


def finish_swap(path: Path, *, known: frozenset[str]) -> None:
    """The rest of a swap, also of one that was killed at any point: a new folder that lacks only its name gets it, and
    what the user had put into the old one is brought over before the old one is removed."""
    new, old = beside(path, "new"), beside(path, "old")
    if not old.is_dir():
        return
    if not path.exists() and new.is_dir():
        os.rename(new, path)
    if path.is_dir():
        for name in contents(old) - known - contents(path):
            os.rename(old / name, path / name)
        shutil.rmtree(old, ignore_errors=True)


def _lock(descriptor: int) -> bool:
    """Lock for as long as the descriptor is open. False where another process holds it."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems cannot lock: better to train than to refuse
        return True
    return True
