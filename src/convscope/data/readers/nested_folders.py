"""Files and folders within a folder of data, by their names alone, without what systems leave there."""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from ...errors import DatasetError, reason_of
from ..images.formats import SUFFIXES


def visible_entries(folder: Path) -> list[Path]:
    """Return the files and folders in ``folder`` in order, except those left by operating systems; none if there is no folder."""
    return sorted(path for path in folder.iterdir() if not is_left_by_system(path.name)) if folder.is_dir() else []


def wrapped_folders(folder: Path) -> Iterator[Path]:
    """Yield ``folder``, and each folder that is the only entry of the one before, as archives unpack."""
    yield folder
    entries = visible_entries(folder)
    while len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink():
        yield entries[0]
        entries = visible_entries(entries[0])


def folders_in(folder: Path) -> list[str]:
    """Return the names of the subfolders of ``folder``, including links."""
    names = []
    for entry in _entries(folder):
        if is_left_by_system(entry.name) or not entry.is_dir():
            continue
        if entry.is_symlink() and _leads_up(entry.path, folder):
            continue  # a walk through it would not end
        names.append(entry.name)
    return sorted(names, key=os.fsencode)


def _leads_up(link: str, folder: Path) -> bool:
    real = Path(os.path.realpath(folder))  # Path.resolve raises for a link to itself
    return Path(os.path.realpath(link)) in (real, *real.parents)


def count_image_files(folder: Path) -> int:
    """Return the number of image files directly in a folder."""
    return sum(entry.is_file() and is_image_file(entry.name) for entry in _entries(folder))


def holds_images_below(folder: Path) -> bool:
    """Return whether there are image files in a folder or below."""
    return any(is_image_file(name) for _, files, _ in walk(folder) for name in files)


def walk(folder: Path) -> Iterator[tuple[str, list[str], int]]:
    """Yield each folder, the names of its files in order, and how many links to folders it holds."""
    for directory, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted((name for name in folders if not is_left_by_system(name)), key=os.fsencode)
        links = sum(Path(directory, name).is_symlink() for name in folders)
        yield directory, sorted((name for name in files if not is_left_by_system(name)), key=os.fsencode), links


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        _refuse(error)
        raise


def _refuse(error: OSError) -> None:
    remedy = "Try again if it was moved meanwhile" if isinstance(error, FileNotFoundError) else "Check its permissions"
    raise DatasetError(f"cannot open {str(error.filename)!r}: {reason_of(error)}. {remedy}.") from error


def is_image_file(name: str) -> bool:
    """Return whether a file of this name is one of the user's image files."""
    return PurePath(name).suffix.lower() in SUFFIXES and not is_left_by_system(name)


_LEFT = re.compile(
    r"\..+|__macosx|__pycache__|lost\+found|network trash folder|temporary items"  # .DS_Store, ._1.png, .ipynb_checkpoints
    r"|system volume information|\$(recycle|extend|windows|winre|sysreset|getcurrent|av_).*|found\.\d{3}|(?-i:RECYCLER)"  # Windows
    r"|@(eadir|tmp|recycle|recently-snapshot|sharebin|database|__.*)|#(recycle|snapshot)|~snapshot"  # storage servers
    r"|(eh)?thumbs(_vista)?\.db|desktop\.ini|icon\r|~\$.+",
    re.IGNORECASE | re.DOTALL,
)


def is_left_by_system(name: str) -> bool:
    """Return whether a file or folder of this name is none of the user's data, such as ``@eaDir`` or ``Thumbs.db``."""
    return _LEFT.fullmatch(name) is not None
