"""Existing paths with nearly the name that was asked for, for messages."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

MAX_LOOKED_AT = 5000
"""Names in a folder beyond which none is looked for."""


def near_path(wanted: Path, accept: Callable[[Path], bool], also_in: Iterable[Path] = ()) -> Path | None:
    """Return the existing path nearest to one that does not exist, if ``accept`` takes it.

    Every part of the path may be misspelt. A path without folders is also looked for in the folders ``also_in``.
    """
    folders = [wanted.parent, *(also_in if len(wanted.parts) == 1 else ())]
    same = [folder / wanted.name for folder in folders]
    nearly = [found for folder in folders for found in _nearly(folder, wanted.name)]
    return next((path for path in [*same, *nearly] if path != wanted and _accepted(path, accept)), None)


def did_you_mean(path: Path | None) -> str:
    """Return the question with a leading blank; empty without a path."""
    return "" if path is None else f" Did you mean {str(path)!r}?"


def _nearly(folder: Path, name: str) -> list[Path]:
    if not name:
        return []
    try:
        if not folder.is_dir():
            others = [each for each in _nearly(folder.parent, folder.name) if each.is_dir()]
            return [found for each in others for found in [each / name, *_nearly(each, name)]]
        names = {entry.name.casefold(): entry for entry, _ in zip(folder.iterdir(), range(MAX_LOOKED_AT), strict=False)}
    except OSError:
        return []
    return [names[near] for near in get_close_matches(name.casefold(), names, n=5, cutoff=0.6)]


def _accepted(path: Path, accept: Callable[[Path], bool]) -> bool:
    try:
        return path.exists() and accept(path)
    except (OSError, ValueError):
        return False
