"""Locks on folders, and what killed processes left in them.

The operating system locks a folder while it is written: two trainings cannot share it, and a killed one leaves no lock behind.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from ..errors import OutputError, RunError, RunExistsError
from ..system.files import cannot_write, existing_folder, is_temporary, make_folder
from ..system.regular_files import NO_FOLLOW, open_regular
from .files import AUDIT_CHECKPOINT, FIGURES

MIN_FREE_BYTES = 32 * 2**20
"""Free disk space below which nothing is started; a run takes about 6 MB."""
FOLDERS_CAN_BE_OPENED = os.name != "nt"
"""And so locked. Windows cannot: there a temporary file, whose name is the identity of the folder, is locked instead."""


@contextlib.contextmanager
def locked(folder: Path, *, new: bool = False) -> Iterator[int]:
    """Lock ``folder`` for the block and yield its descriptor; a ``new`` one, or what it links to, is created if it is missing."""
    real = Path(os.path.realpath(folder))
    is_made = new and not os.path.lexists(real)
    try:
        if shutil.disk_usage(existing_folder(real)).free < MIN_FREE_BYTES:
            raise OutputError(
                f"cannot write {str(folder)!r}: the disk has less than {MIN_FREE_BYTES // 2**20} MiB free. "
                "Free some space, or choose another place."
            )
        if new:
            make_folder(folder)
        is_folder, lockable = FOLDERS_CAN_BE_OPENED, _lockable(folder)
        descriptor = (
            os.open(lockable, os.O_RDONLY) if is_folder else open_regular(lockable, os.O_RDWR | os.O_CREAT | NO_FOLLOW)
        )
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise cannot_write(folder, error) if new or os.path.lexists(folder) else _replaced(folder) from error
    try:
        if not _lock(descriptor):
            remedy = "Wait for it, or choose another folder."
            raise RunExistsError(f"{str(folder)!r} is being written by another convscope process. {remedy}")
        check_in_place(descriptor, folder)
        try:
            yield descriptor
        except BaseException:
            if is_made:
                with contextlib.suppress(OSError):  # it is not empty
                    real.rmdir()
            raise
    finally:
        os.close(descriptor)


def check_in_place(descriptor: int, folder: Path) -> None:
    """Raise RunError if the locked ``folder`` was moved away, removed or replaced by another."""
    with contextlib.suppress(OSError):
        if os.path.samestat(os.fstat(descriptor), _lockable(folder).stat()):
            return
    raise _replaced(folder)


def _replaced(folder: Path) -> RunError:
    happened = "another folder has taken the place of" if os.path.lexists(folder) else "somebody has moved or removed"
    return RunError(f"{happened} {str(folder)!r} meanwhile. Run the command again, with the name that the folder has now.")


def place_of(descriptor: int, folder: Path) -> Path:
    """Return where the locked ``folder`` is now, as far as the system says: it may have been renamed."""
    with contextlib.suppress(OSError):
        if not folder.is_dir():
            return Path(f"/proc/self/fd/{descriptor}").readlink()
    return folder


def is_real_folder(path: Path) -> bool:
    """Return whether there is a folder at ``path``, and no link to one."""
    return path.is_dir() and not path.is_symlink()


def contents(folder: Path) -> set[str]:
    """Return the names in a folder, without what a killed process left."""
    return {entry.name for entry in folder.iterdir() if not is_temporary(entry.name)}


def clean(folder: Path) -> None:
    """Remove the temporary files that a killed process left in the ``folder`` of a run, which is locked."""
    for place in (folder, folder / FIGURES):
        if is_real_folder(place):
            for entry in place.iterdir():
                if is_temporary(entry.name) and entry.name != AUDIT_CHECKPOINT and not entry.is_dir():
                    entry.unlink(missing_ok=True)


def remove(folder: Path, names: Collection[str]) -> None:
    """Remove the files ``names``, figures and temporary files from ``folder``, and ``folder`` itself if it is then empty."""
    with contextlib.suppress(OSError):
        figures = folder / FIGURES
        if is_real_folder(figures):
            for entry in figures.iterdir():
                if is_temporary(entry.name) or entry.suffix in (".svg", ".png"):
                    entry.unlink()
            figures.rmdir()
        for entry in folder.iterdir():
            if is_temporary(entry.name) or entry.name in names:
                entry.unlink()
        folder.rmdir()


def _lockable(folder: Path) -> Path:
    if FOLDERS_CAN_BE_OPENED:
        return folder
    identity = folder.stat()
    return Path(tempfile.gettempdir(), f"convscope-{identity.st_dev:x}-{identity.st_ino:x}.lock")


def _lock(descriptor: int) -> bool:
    """Lock until the descriptor is closed; return False if another process holds the lock."""
    from filelock import lock_descriptor  # 11 ms, which verbs that only read need not wait for

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:  # some network file systems cannot lock; training unlocked beats refusing to train
        return True
