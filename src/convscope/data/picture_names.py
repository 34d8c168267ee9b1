"""Expansion of a file, folder or pattern to image files."""

from __future__ import annotations

import glob
import os
from collections import Counter
from pathlib import Path

from ..errors import PictureError
from .picture_kinds import SUFFIXES

IGNORED_FOLDERS = frozenset({"__MACOSX"})
MAX_SUFFIXES = 3
"""Other suffixes named in an error."""


def find_pictures(name: str) -> list[str]:
    """Return the files that ``name`` means, sorted.

    For a folder these are the image files in it and below, by suffix; for a pattern such as ``photos/*.png`` the matching
    files. Any other name is returned without a check.

    Raises:
        PictureError: A folder or pattern yields no file.
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
    return os.path.isdir(name)  # noqa: PTH112 (Path.is_dir raises for a name that is too long, or locked away)


def _in_folder(folder: str) -> list[str]:
    """Return the image files in a folder and below, except hidden ones and linked folders."""
    pictures, others = [], Counter[str]()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in IGNORED_FOLDERS)
        for file in sorted(files):
            suffix = Path(file).suffix.lower()
            if file.startswith("."):
                continue
            if suffix in SUFFIXES:
                pictures.append(str(Path(place, file)))
            else:
                others[suffix] += 1
    if not pictures:
        found = ", ".join(f"{count:,} {suffix or 'without suffix'}" for suffix, count in others.most_common(MAX_SUFFIXES))
        raise PictureError(
            f"{folder!r} holds no image files ending in {', '.join(sorted(SUFFIXES))}{f' (but {found})' if found else ''}. Pass "
            "another folder, or the files themselves."
        )
    return pictures
