"""What a folder of pictures holds, by the names of its files alone: splits, classes, pictures. Nothing is opened.

A folder per class, with its pictures in it and at any depth below; these folders at the top, or under ``train/``, ``test/`` and
``val/``, whose other names ``split_names.py`` knows.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path, PurePath

from ..errors import DatasetError
from .labels import natural_order
from .picture_kinds import SUFFIXES
from .picture_names import IGNORED_FOLDERS
from .pictures import shown
from .reading import MOST_CLASSES
from .split_names import UNLABELLED, find_splits

LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "icon\r", "classes.txt"})
EXAMPLE = "photos/cat/1.jpg, photos/dog/2.jpg"
MOST_NAMED = 5
MUCH_ALIKE = 0.5
"""Of the folders in several top folders, the share of names that all have, from which on these are no classes."""


@dataclass(frozen=True)
class Listing:
    """The pictures of a folder."""

    root: Path
    splits: dict[str, dict[str, list[str]]]
    """By split (``train``, ``test``, ``val``; ``""`` where there are none), by class in natural order: paths, sorted."""
    left_alone: Counter[str] = field(default_factory=Counter)
    """What is no picture, by the ends of the files' names; hidden files do not count."""
    notes: list[str] = field(default_factory=list)
    """What else was left out, in sentences."""

    def class_names(self) -> tuple[str, ...]:
        """Of all splits, in natural order."""
        return tuple(sorted({name for classes in self.splits.values() for name in classes}, key=natural_order))


def list_folder(root: Path) -> Listing:
    """Raises :class:`DatasetError` where ``root`` is not laid out as folders of classes."""
    listing = Listing(root, {})
    tops = _folders(root, listing)
    called = find_splits(tops)
    # A folder "train" with pictures right in it is a class, of trains perhaps; one with folders in it is a split.
    found = {name: split for name, split in called.items() if split != UNLABELLED and _folders(root / name, listing)}
    if "train" not in found.values():
        _refuse_splits(root, tops, set(found))
        return _checked(_add_split(listing, "", root, tops))
    others = [name for name in tops if name not in found and _pictures(root / name, Listing(root, {}))]
    for name in [name for name in others if name in called]:
        others.remove(name)
        why = "no classes" if called[name] == UNLABELLED else "no folders of classes"
        listing.notes.append(f"{shown(name)}/ has {why}, and was left alone")
    if others or len(set(found.values())) < len(found):
        strange = f"{shown(others[0])!r} beside it" if others else "two of one kind"
        raise DatasetError(
            f"{str(root)!r} holds {', '.join(sorted(map(shown, found)))}, and {strange}; splits (train, test, val) or classes were "
            "expected, not both. Move what does not belong there."
        )
    for name, split in found.items():
        folder = _within(root / name, listing)
        _add_split(listing, split, folder, _folders(folder, listing))
    return _checked(listing)


def holds_classes(root: Path) -> bool:
    """Whether two folders in ``root``, or folders of a split in it, hold pictures: then it is these that the folder is about."""
    listing = Listing(root, {})
    tops = _folders(root, listing)
    return sum(bool(_pictures(root / name, listing)) for name in tops) > 1 or any(
        len(_folders(root / name, listing)) > 1 and _pictures(root / name, listing) for name in find_splits(tops)
    )


def _within(folder: Path, listing: Listing) -> Path:
    """``folder``, or the one in it where it holds no other and that one is called the same, as archives are unpacked."""
    inside = _folders(folder, listing)
    alone = len(inside) == 1 and inside[0] == folder.name
    return folder / inside[0] if alone and _folders(folder / inside[0], listing) else folder


def _refuse_splits(root: Path, tops: list[str], splits: set[str]) -> None:
    """Raise :class:`DatasetError` where the folders at the top look like splits and none of them is the training split."""
    filled = [name for name in tops if _pictures(root / name, Listing(root, {}))]
    if len(filled) < 2:
        return
    listed = " and ".join(map(repr, map(shown, filled))) if len(filled) == 2 else _listed(tuple(map(shown, filled)))
    if set(filled) <= splits:
        raise DatasetError(
            f"{str(root)!r} holds {listed}, which are names of splits, but no train/; one was expected, with a folder per class in "
            "it. Rename the folder that the network is to learn from."
        )
    inside = [set(_folders(root / name, Listing(root, {}))) for name in filled]
    common, every = set.intersection(*inside), set.union(*inside)
    if len(common) < 2 or len(common) < MUCH_ALIKE * len(every) or any(_holds_pictures(root / name) for name in filled):
        return
    alike = _listed(tuple(sorted(map(shown, common))))
    raise DatasetError(
        f"{str(root)!r} holds {listed}, and in each of them folders of the same names ({alike}); either "
        "classes with their pictures in them, or splits called train and test, were expected. Rename the splits, or, where these "
        "are the classes, move their pictures up."
    )


def _holds_pictures(folder: Path) -> bool:
    return any(entry.is_file() and _is_picture(entry.name) for entry in _entries(folder))


def _add_split(listing: Listing, split: str, folder: Path, classes: list[str]) -> Listing:
    listing.splits[split] = {shown(name): _pictures(folder / name, listing) for name in classes}
    composed = Counter(unicodedata.normalize("NFC", name) for name in listing.splits[split])
    twice = next((name for name, count in composed.items() if count > 1), None)
    if twice or len(listing.splits[split]) < len(classes):
        raise DatasetError(
            f"{str(folder)!r} holds two folders that are both shown as {twice or 'the same'!r}; one per class was expected. "
            "Rename or join them."
        )
    return listing


def _checked(listing: Listing) -> Listing:
    names = listing.class_names()
    filled = [name for name in names if any(classes.get(name) for classes in listing.splits.values())]
    root = repr(str(listing.root))
    if len(filled) < 2:
        raise DatasetError(_too_few(listing, names, filled))
    if len(names) > MOST_CLASSES:
        raise DatasetError(
            f"{root} holds {len(names):,} folders of classes; at most {MOST_CLASSES:,} were expected. Use some of them."
        )
    if "train" not in listing.splits:
        return listing
    if not any(listing.splits["train"].values()):
        raise DatasetError(f"{root}: its training split holds no pictures; some of every class were expected. Add them.")
    for split, classes in listing.splits.items():
        for name in classes:
            if name not in listing.splits["train"]:
                near = get_close_matches(name, listing.splits["train"], n=1)
                hint = f" Is {near[0]!r} meant?" if near else ""
                raise DatasetError(
                    f"{root}: {split}/ has the class {name!r}, which train/ lacks; the same classes were expected in both.{hint} "
                    "Rename the folder, or add one to train/."
                )
    return listing


def _too_few(listing: Listing, names: tuple[str, ...], filled: list[str]) -> str:
    root = repr(str(listing.root))
    expected = f"a folder per class with pictures in it, such as {EXAMPLE}, was expected"
    others = ", ".join(f"{count:,} {suffix}" for suffix, count in listing.left_alone.most_common(MOST_NAMED))
    if filled:
        below = listing.root / filled[0]
        inside = below.is_dir() and len(_folders(below, listing)) > 1
        remedy = (
            f"Pass {str(below)!r} if it is its folders that are meant" if inside else "Add a folder with pictures of another"
        )
        return f"{root} has pictures of one class, {filled[0]!r}; at least two were expected. {remedy}."
    if names:
        but = f", only {others}" if others else ""
        return f"{root} has folders ({_listed(names)}) but no pictures in them{but}; {expected}. Save them as PNG or JPEG."
    directly = sum(entry.is_file() and _is_picture(entry.name) for entry in _entries(listing.root))
    if directly:
        return (
            f"{root} holds {directly:,} pictures and no folders; {expected}. Sort them into folders, named as their classes."
        )
    return f"{root} holds no data{f', only {others}' if others else ''}; {expected}; or IDX files, or train.csv."


def _folders(folder: Path, listing: Listing) -> list[str]:
    """Names of the folders in ``folder``, links included, unless they lead to it or above, where a walk would not end."""
    names = []
    for entry in _entries(folder):
        if _is_hidden(entry.name) or not entry.is_dir():
            continue
        if entry.is_symlink() and _leads_up(entry.path, folder):
            continue
        names.append(entry.name)
    return sorted(names, key=os.fsencode)


def _leads_up(link: str, folder: Path) -> bool:
    return Path(link).resolve() in (folder.resolve(), *folder.resolve().parents)


def _pictures(folder: Path, listing: Listing) -> list[str]:
    """Pictures in ``folder`` and below; links to folders further down are not followed, so that no walk is endless."""
    found = []
    for place, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted((name for name in folders if not _is_hidden(name)), key=os.fsencode)
        if links := sum(Path(place, name).is_symlink() for name in folders):
            listing.left_alone["links to folders"] += links
        for name in sorted(files, key=os.fsencode):
            if name.startswith(".") or name.lower() in LEFT_BY_SYSTEMS:
                continue
            if _is_picture(name):
                found.append(f"{place}{os.sep}{name}")
            else:
                listing.left_alone[shown(PurePath(name).suffix.lower()) or "without ending"] += 1
    return found


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        _refuse(error)
        raise


def _refuse(error: OSError) -> None:
    reason = error.strerror or str(error)
    raise DatasetError(
        f"{str(error.filename)!r} cannot be opened: {reason[:1].lower()}{reason[1:]}; a folder that you may read was expected. "
        "Check who may read it."
    ) from error


def _is_hidden(folder: str) -> bool:
    return folder.startswith(".") or folder in IGNORED_FOLDERS


def _is_picture(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES


def _listed(names: tuple[str, ...]) -> str:
    text = ", ".join(map(repr, names[:MOST_NAMED]))
    return text if len(names) <= MOST_NAMED else f"{text} and {len(names) - MOST_NAMED:,} more"
