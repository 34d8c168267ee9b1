"""From what people type to the names of picture files: a file, a folder, a pattern."""

from __future__ import annotations

import glob
import os
from collections import Counter
from pathlib import Path

from ..errors import PictureError
from .picture_kinds import SUFFIXES

IGNORED_FOLDERS = frozenset({"__MACOSX"})
MOST_NAMED = 3
"""Other endings that a sentence names, at most."""


def find_pictures(name: str) -> list[str]:
    """The files that ``name`` stands for, sorted: of a folder all pictures in it and below, by their endings; of a pattern
    such as ``photos/*.png``, which a shell in quotes left alone, whatever fits it.

    Anything else is taken for a file, and not looked at. Raises :class:`PictureError` where a folder or pattern yields none.
    """
    if _is_folder(name):
        return _in_folder(name)
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (absolute patterns, too)
    if not found:
        raise PictureError(
            f"nothing fits the pattern {name!r}; picture files were expected. Check it and the folder that you are in."
        )
    return [file for each in found for file in (_in_folder(each) if _is_folder(each) else [each])]


def _is_folder(name: str) -> bool:
    return os.path.isdir(name)  # noqa: PTH112 (Path.is_dir raises for a name that is too long, or locked away)


def _in_folder(folder: str) -> list[str]:
    """Links to folders are not followed, so that none is walked twice; hidden files and folders are left alone."""
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
        found = ", ".join(f"{count:,} {suffix or 'without ending'}" for suffix, count in others.most_common(MOST_NAMED))
        raise PictureError(
            f"{folder!r} holds no picture{f' (but {found})' if found else ''}; files that end in {', '.join(sorted(SUFFIXES))} "
            "were expected. Pass another folder, or the files themselves."
        )
    return pictures
