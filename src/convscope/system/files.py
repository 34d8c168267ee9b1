"""Atomic file writes.

Each file is written under a temporary name in its own folder, synced and renamed into place; then the folder is synced.
A crash leaves the old file or the new one, never a mixture. The sync costs a few milliseconds per file.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import reprlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConvscopeError, OutputError, reason_of
from ..types import PathLike

TEMPORARY = re.compile(r"\.partial-([0-9a-f]{16})([0-9a-f]{16})(\.\w+)?", re.ASCII)
"""Names of temporary files and folders: a random number, its mark, and the ending that some libraries choose a format by."""
UNSUPPORTED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM}
"""What systems answer that cannot sync: network mounts, and folders that may not be read."""


def temporary_name(ending: str = "", *, number: str = "") -> str:
    """Return a name that only convscope makes, with a random number by default; :func:`is_temporary` knows it again."""
    number = number or secrets.token_hex(8)
    fits = re.fullmatch(r"\.\w{1,12}", ending, re.ASCII)  # others could be too long, or none that a library can open
    return f".partial-{number}{_mark(number)}{ending if fits else ''}"


def is_temporary(name: str) -> bool:
    """Return whether convscope made this name, so that what a killed process left under it may be deleted."""
    found = TEMPORARY.fullmatch(name)
    return found is not None and found[2] == _mark(found[1])


def _mark(number: str) -> str:
    return hashlib.sha256(f"convscope {number}".encode()).hexdigest()[:16]


@contextlib.contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path, which replaces ``path`` on success and is removed on failure.

    An OutputError means that the file cannot be written.
    """
    path = Path(path)
    temporary = path.parent / temporary_name(path.suffix)
    try:
        yield temporary
        sync(temporary)
        with contextlib.suppress(OSError):  # what its owner hid stays hidden
            shutil.copymode(path, temporary, follow_symlinks=False)
        os.replace(temporary, path)
        sync(path.parent)
    except OSError as error:
        if isinstance(error, ConvscopeError):
            raise
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def is_path(value: object) -> bool:
    """Return whether ``value`` can be the path of something."""
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    return isinstance(path, str) and path != "" and "\0" not in path


def path_of(value: object, name: str) -> Path:
    """Return the path that the argument ``name`` gives, or raise a ConfigError if it can be the path of nothing."""
    path = os.fspath(value) if isinstance(value, os.PathLike) else value  # asked once: a run reads its metrics to answer
    if not is_path(path):
        raise ConfigError(f"{name} must be a path, a text that is not empty; got {reprlib.repr(value)}.")
    return Path(path)  # type: ignore[arg-type]


def write_bytes(path: PathLike, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: PathLike, text: str) -> None:
    """Write ``text`` atomically as UTF-8, with LF line ends on every system."""
    # Names of files need not be UTF-8: what is none becomes "?".
    write_bytes(path, text.encode("utf-8", "replace"))


def write_json(path: PathLike, value: Any) -> None:
    """Write :func:`json_text`."""
    # Surrogates, of file names that are not UTF-8, are escaped, so that they are the same when they are read.
    text = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", json_text(value))
    write_bytes(path, text.encode() + b"\n")


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """Return strict JSON, indented, with keys in the order given."""
    # Browsers cannot parse NaN.
    return json.dumps(value, indent=1, ensure_ascii=ascii_only, allow_nan=False)


def write_output(path: PathLike, text: str) -> None:
    """Write ``text`` to a file that the user named: through links, and into pipes and devices, which stay what they are."""
    path = destination(path)
    if not path.exists() or path.is_file():
        write_text(path, text)
        return
    try:
        # A pipe that nobody reads is an error, not a wait.
        descriptor = os.open(path, os.O_WRONLY | (no_wait := getattr(os, "O_NONBLOCK", 0)))
        if no_wait:
            os.set_blocking(descriptor, True)
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise cannot_write(path, error) from error


def destination(path: PathLike) -> Path:
    """Return ``path``, or what it links to: a link of the user's is written through, not replaced."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else Path(path)  # noqa: PTH114 - never raises


def make_folder(path: PathLike) -> None:
    """Create a folder and its parents if they are missing, or raise an OutputError."""
    try:
        folder = Path(os.path.realpath(path))  # Path.mkdir refuses a link to a missing folder, and recurses into the parents
        for each in reversed([folder, *folder.parents]):
            if each == folder or not each.exists():
                each.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def refuse_impossible(path: Path, instead: str) -> None:
    """Raise an OutputError before the work if no file or folder can be at ``path``; it advises to choose another ``instead``."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise OutputError(f"cannot write {str(path)!r}: {reason_of(error)}. Choose another {instead}.") from error


def check_writable(path: Path) -> None:
    """Raise an OutputError before the work if the file ``path`` could not be written after it."""
    path = destination(path)
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device, or the folder of a model
        return
    probe = path.parent / temporary_name()
    try:
        probe.write_bytes(bytes(4096))
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def existing_folder(path: Path) -> Path:
    """Return ``path`` if it is a folder, or the nearest one that it is to be made in."""
    return next(each for each in (path, *path.absolute().parents) if each.is_dir())


def cannot_write(path: PathLike, error: Exception) -> OutputError:
    """Return the error for a failed write."""
    return OutputError(
        f"cannot write {str(path)!r}: {reason_of(error)}. Choose another place, writable and with free space."
    )


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk, where the system can."""
    is_folder = path.is_dir()
    if os.name == "nt" and is_folder:
        return  # Windows cannot open folders; the rename alone has to do
    try:
        descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)  # Windows syncs only what may be written
        try:
            sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise


def sync_descriptor(descriptor: int) -> None:
    """Flush an open file to the disk, where the file system can."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
