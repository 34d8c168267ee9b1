"""Reading of image files, without blocking on pipes or exhausting memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import PictureError, reason_of
from ..types import PathLike

LARGEST_FILE = 100 * 2**20
"""Bytes; a photo of 64 megapixels has a third of that."""
OTHER_THINGS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_picture_file(path: PathLike) -> bytes:
    """Return the content of a regular file of at most 100 MB.

    Raises:
        PictureError: The path is anything else.
    """
    name = repr(os.fspath(path))
    try:
        # Opening a pipe would block until something writes to it.
        _refuse_unless_file(Path(path).stat().st_mode, name)
        # The path may have become a pipe in between: open it without blocking, and check again.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        with open(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            _refuse_unless_file(found.st_mode, name)
            if found.st_size > LARGEST_FILE:
                raise too_large(name, f"has {found.st_size / 2**20:,.0f} MB")
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise PictureError(_missing(path, name)) from error
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"{name} cannot be opened: {reason_of(error)}. Check its name and permissions.") from error
    if len(content) > LARGEST_FILE:
        raise too_large(name, f"has more than {LARGEST_FILE // 2**20} MB")
    return content


def too_large(name: str, found: str) -> PictureError:
    """Return the error for a file beyond the limit."""
    return PictureError(f"{name} {found}, but at most {LARGEST_FILE // 2**20} MB are supported. Save the image smaller.")


def _refuse_unless_file(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    what = next((what for is_one, what in OTHER_THINGS if is_one(mode)), "something else")
    raise PictureError(f"{name} is {what}, not an image file. Pass the image file itself.")


def _missing(path: PathLike, name: str) -> str:
    text = os.fspath(path)
    if "://" in text:
        return f"{name} is a URL, and convscope downloads nothing here. Download the image and pass the file."
    if Path(path).is_symlink():
        return f"{name} is a broken link. Correct it, or pass the image file itself."
    return f"{name} does not exist. Check the name and the current folder."
