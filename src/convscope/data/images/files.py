"""Reading of image files, without blocking on pipes or exhausting memory."""

import glob
import os
from collections import Counter
from pathlib import Path

from ...errors import PictureError, reason_of
from ...system.near_paths import did_you_mean, near_path
from ...system.regular_files import NotRegularError, open_regular
from ...types import PathLike
from ..readers.nested_folders import is_left_by_system
from .formats import SUFFIXES, UNREAD_SUFFIXES

MAX_FILE = 100 * 2**20
"""Bytes; a photo of 64 megapixels has a third of that."""

EXAMPLE = "example"
"""What the image that comes with convscope is called, unless the current folder has something of that name."""
EXAMPLE_FILE = Path(__file__).with_name("example.png")
"""A handwritten four on paper; ``docs/example_image.py`` draws it."""


def read_image_file(path: PathLike) -> bytes:
    """Return the content of a regular file of at most 100 MB; PictureError for anything else."""
    name = repr(os.fspath(path))
    try:
        with open(open_regular(path), "rb") as file:
            if (size := os.fstat(file.fileno()).st_size) > MAX_FILE:
                raise too_large(name, f"has {size / 2**20:,.0f} MB")
            content = file.read(MAX_FILE + 1)
    except FileNotFoundError as error:
        raise PictureError(_missing(path, name)) from error
    except NotRegularError as error:
        raise PictureError(f"{name} is {error.what}, not an image file. Pass the image file itself.") from error
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"{name} cannot be opened: {reason_of(error)}. Check its name and permissions.") from error
    if len(content) > MAX_FILE:
        raise too_large(name, f"has more than {MAX_FILE // 2**20} MB")
    return content


def too_large(name: str, found: str) -> PictureError:
    """Return the error for a file beyond the limit."""
    return PictureError(f"{name} {found}, but at most {MAX_FILE // 2**20} MB are supported. Save the image smaller.")


def _missing(path: PathLike, name: str) -> str:
    text = os.fspath(path)
    if "://" in text:
        return f"{name} is a URL, and convscope downloads nothing here. Download the image and pass the file."
    if Path(path).is_symlink():
        return f"{name} is a broken link. Correct it, or pass the image file itself."
    near = did_you_mean(near_path(Path(path), lambda found: found.suffix.lower() in SUFFIXES))
    return f"{name} does not exist.{near or ' Check the name and the current folder.'}"


MAX_SUFFIXES = 3
"""Other suffixes named in an error."""


def find_image_files(name: str) -> list[str]:
    """Return the files that ``name`` means, sorted; PictureError if there are none.

    For a folder these are the image files in it and below, by suffix; for a pattern such as ``photos/*.png`` the matching
    files. Any other name is returned without a check.
    """
    if _is_folder(name):
        return _in_folder(name)
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (absolute patterns, too)
    if not found:
        raise PictureError(f"no file matches the pattern {name!r}. Check the pattern and the current folder.")
    return [file for each in found for file in (_in_folder(each) if _is_folder(each) else [each])]


def _is_folder(name: str) -> bool:
    return os.path.isdir(name)


def _in_folder(folder: str) -> list[str]:
    """Return the image files in a folder and below, except hidden ones and linked folders."""
    image_files, others = [], Counter[str]()
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not is_left_by_system(each))
        for file in sorted(files):
            suffix = Path(file).suffix.lower()
            if is_left_by_system(file):
                continue
            if suffix in SUFFIXES:
                image_files.append(str(Path(directory, file)))
            else:
                others[suffix] += 1
    if not image_files:
        found = ", ".join(f"{count:,} {suffix or 'without suffix'}" for suffix, count in others.most_common(MAX_SUFFIXES))
        endings = ", ".join(sorted(SUFFIXES - UNREAD_SUFFIXES))
        raise PictureError(
            f"{folder!r} holds no image files ending in {endings}{f' (but {found})' if found else ''}. Pass another folder, or the "
            "files themselves."
        )
    return image_files
