"""The bytes of one picture file, read so that nothing that merely looks like a file can keep us waiting or fill the memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import PictureError
from ..types import PathLike

LARGEST_FILE = 100 * 2**20
"""Bytes. A photo of 64 megapixels takes a third of it."""
OTHER_THINGS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_picture_file(path: PathLike) -> bytes:
    """The content of a regular file of at most 100 MB. Raises :class:`PictureError` for everything else, at once.

    A pipe is not even opened for reading: that would wait for whoever writes to it, perhaps for ever.
    """
    name = repr(os.fspath(path))
    try:
        _refuse_unless_file(Path(path).stat().st_mode, name)
        # Between the look and the opening it may have become a pipe: hence no waiting, and a second look.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        with open(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            _refuse_unless_file(found.st_mode, name)
            if found.st_size > LARGEST_FILE:
                raise too_large(name, f"has {found.st_size / 2**20:,.0f} MB")
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise PictureError(_nothing_there(path, name)) from error
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(
            f"{name} cannot be opened: {reason[:1].lower()}{reason[1:]}; a picture file that you may read was expected. "
            "Check the name and who may read it."
        ) from error
    if len(content) > LARGEST_FILE:
        raise too_large(name, f"has over {LARGEST_FILE // 2**20} MB")
    return content


def too_large(name: str, found: str) -> PictureError:
    """The sentence for a file beyond the limit."""
    return PictureError(f"{name} {found}; at most {LARGEST_FILE // 2**20} MB was expected. Save the picture smaller.")


def _refuse_unless_file(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    what = next((what for is_one, what in OTHER_THINGS if is_one(mode)), "something else")
    raise PictureError(f"{name} is {what}; a picture file was expected. Pass the picture itself.")


def _nothing_there(path: PathLike, name: str) -> str:
    text = os.fspath(path)
    if "://" in text:
        return f"{name} is an address, and nothing is fetched; a picture file was expected. Download it and pass the file."
    if Path(path).is_symlink():
        return (
            f"{name} is a link that leads nowhere; a picture file was expected. Mend the link, or pass the picture itself."
        )
    return f"there is nothing at {name}; a picture file was expected. Check the name and the folder that you are in."
