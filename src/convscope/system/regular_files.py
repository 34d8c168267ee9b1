"""Regular files, opened without waiting for a pipe, and read up to a limit."""

import errno
import os
import stat
from io import BufferedReader

from ..types import PathLike

MAX_TEXT = 64 * 2**20
"""Bytes of a text file that is read."""
KINDS = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
"""Windows has no such flag, and lets only administrators make links."""


class NotRegularError(OSError):
    """A path that names something else than a regular file; ``what`` says what it is."""

    def __init__(self, what: str) -> None:
        super().__init__(errno.EINVAL, f"it is {what}, not a file")
        self.what = what


def open_regular(path: PathLike, flags: int = os.O_RDONLY) -> int:
    """Return a descriptor of a regular file; :class:`NotRegularError` for anything else, at once."""
    # Opening some devices does something: look first. What was opened may be another file: look again.
    if not flags & os.O_CREAT or os.path.lexists(path):
        refuse_unless_regular(os.stat(path, follow_symlinks=not flags & NO_FOLLOW).st_mode)  # noqa: PTH116
    descriptor = os.open(path, flags | FLAGS, 0o666)
    try:
        refuse_unless_regular(os.fstat(descriptor).st_mode)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def refuse_unless_regular(mode: int) -> None:
    """Raise :class:`NotRegularError` unless ``mode`` is that of a regular file."""
    if not stat.S_ISREG(mode):
        raise NotRegularError(kind_of(mode))


def kind_of(mode: int) -> str:
    """Return what a path with this ``mode`` is, such as ``"a pipe"``."""
    return next((what for is_one, what in KINDS if is_one(mode)), "something else")


def read_user_text(path: PathLike) -> str:
    """Return the text of a UTF-8 file that the user named; OSError or ValueError for anything else."""
    with open_bounded(path, MAX_TEXT) as file:
        return file.read().decode("utf-8-sig")


def open_bounded(path: PathLike, limit: int, flags: int = os.O_RDONLY) -> BufferedReader:
    """Open a regular file of at most ``limit`` bytes for reading; OSError for anything else."""
    file = open(open_regular(path, flags), "rb")  # noqa: SIM115 - the caller closes it
    if (size := os.fstat(file.fileno()).st_size) > limit:
        file.close()
        raise OSError(errno.EFBIG, f"it has {size:,} bytes, more than the {limit:,} that are read")
    return file
