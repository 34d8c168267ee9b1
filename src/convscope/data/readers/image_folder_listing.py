"""Splits, classes and image files in a folder, by their names alone; no file is opened.

There is one folder per class, with image files at any depth. Class folders are at the top, or below split folders such as
``train/``, ``test/`` and ``val/`` (:data:`SPLITS` has their other names).
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path, PurePath

from ...errors import DatasetError, reason_of
from ...formatting import count_of, join_words, shorten_list
from ..images.files import IGNORED_FOLDERS
from ..images.formats import SUFFIXES
from ..images.inputs import printable
from ..read_options import MAX_CLASSES
from .labels import natural_order

UNLABELLED = "unlabelled"
"""A folder of unlabelled images, as in competitions."""

SPLITS = {
    "train": "train", "training": "train", "trn": "train",
    "test": "test", "testing": "test", "tst": "test", "holdout": "test",
    "pred": UNLABELLED, "predict": UNLABELLED, "prediction": UNLABELLED, "unlabelled": UNLABELLED, "unlabeled": UNLABELLED,
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "eval": "val", "evaluation": "val",
}  # fmt: skip
"""Splits by the words that name them, in lower case."""

FILLERS = frozenset({"set", "data", "dataset", "split", "images", "image", "imgs", "pictures", "photos", "samples"})
"""Words in folder names without meaning for the split."""
SHORT_SPLITS = {f"{word}{filler}": split for word, split in SPLITS.items() for filler in ("set", "data")}


def find_splits(names: Iterable[str]) -> dict[str, str]:
    """Return the split of each folder that is one.

    Splits are ``"train"``, ``"test"``, ``"val"`` and :data:`UNLABELLED`. A folder is a split if its name says nothing else,
    or if it differs from another one in the split's word alone, as ``seg_train`` and ``seg_test`` do.
    """
    parsed = {name: _parsed(name) for name in names}
    found = {name: split for name, (split, rest) in parsed.items() if split and not rest}
    for rest in {rest for split, rest in parsed.values() if split and rest}:
        alike = {name: split for name, (split, others) in parsed.items() if split and others == rest}
        if "train" in alike.values() and len(set(alike.values())) > 1:
            found |= alike
    return found


def _parsed(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the split that one word of the name means, or ``""``, and the other words."""
    words = [word for word in re.split(r"[\W_]+", name.lower()) if word]
    known = [SPLITS.get(word) or SHORT_SPLITS.get(word) for word in words]
    splits = [split for split in known if split]
    if len(splits) != 1:
        return "", ()
    rest = tuple(word for word, split in zip(words, known, strict=True) if not split and word not in FILLERS)
    return splits[0], rest


LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "icon\r", "classes.txt"})
EXAMPLE = "photos/cat/1.jpg, photos/dog/2.jpg"
MAX_SUFFIXES = 5
MUCH_ALIKE = 0.5
"""If top folders share this many of the names of their subfolders, they look like splits, not classes."""


@dataclass(frozen=True)
class Listing:
    """The contents of a folder."""

    root: Path
    splits: dict[str, dict[str, list[str]]]
    """Sorted paths by split (``train``, ``test``, ``val``; ``""`` without splits) and class, in natural order."""
    ignored_files: Counter[str] = field(default_factory=Counter)
    """Numbers of other files by suffix; hidden files do not count."""
    notes: list[str] = field(default_factory=list)
    """Sentences about ignored folders."""

    def class_names(self) -> tuple[str, ...]:
        """Return the classes of all splits in natural order."""
        return tuple(sorted({name for classes in self.splits.values() for name in classes}, key=natural_order))


def list_folder(root: Path, *, all_as_test: bool = False) -> Listing:
    """List a folder of image files; DatasetError if it is not laid out as folders of classes.

    With ``all_as_test``, a test split alone and a single class are enough.
    """
    listing = Listing(root, {})
    tops = _folders(root)
    named = find_splits(tops)
    # A folder "train" that holds image files directly is a class, perhaps of trains; one that holds folders is a split.
    found = {name: split for name, split in named.items() if split != UNLABELLED and _folders(root / name)}
    if "train" not in found.values():
        if all_as_test and (alone := _test_alone(root, tops, found)):
            listing.notes.extend(f"ignored {printable(name)}/" for name in found if name != alone)
            return _checked(_add_split(listing, "", _within(root / alone), _folders(_within(root / alone))), least=1)
        _refuse_splits(root, tops, set(found))
        return _checked(_add_split(listing, "", root, tops), least=1 if all_as_test else 2)
    others = [name for name in tops if name not in found and _image_files(root / name, Listing(root, {}))]
    for name in [name for name in others if name in named]:
        others.remove(name)
        missing = "classes" if named[name] == UNLABELLED else "class folders"
        listing.notes.append(f"ignored {printable(name)}/, which has no {missing}")
    if others or len(set(found.values())) < len(found):
        splits = join_words(sorted(map(printable, found)))
        problem = f"and {printable(others[0])!r}, which is no split" if others else "two of them for one split"
        raise DatasetError(
            f"{str(root)!r} holds {splits}, {problem}. Keep either splits (train, test, val) or classes there, and move the rest."
        )
    for name, split in found.items():
        folder = _within(root / name)
        _add_split(listing, split, folder, _folders(folder))
    return _checked(listing)


def _test_alone(root: Path, tops: list[str], found: dict[str, str]) -> str | None:
    """Return the folder of the test split, or else of the validation split, if only splits hold image files."""
    if any(name not in found and _image_files(root / name, Listing(root, {})) for name in tops):
        return None
    return next((name for wanted in ("test", "val") for name, split in found.items() if split == wanted), None)


def holds_classes(root: Path) -> bool:
    """Return whether two folders in ``root``, or class folders of a split, hold image files."""
    listing = Listing(root, {})
    tops = _folders(root)
    return sum(bool(_image_files(root / name, listing)) for name in tops) > 1 or any(
        len(_folders(root / name)) > 1 and _image_files(root / name, listing) for name in find_splits(tops)
    )


def _within(folder: Path) -> Path:
    """Return ``folder``, or its only subfolder if that has the same name."""
    # Some archives unpack in this way.
    inside = _folders(folder)
    alone = len(inside) == 1 and inside[0] == folder.name
    return folder / inside[0] if alone and _folders(folder / inside[0]) else folder


def _refuse_splits(root: Path, tops: list[str], splits: set[str]) -> None:
    """Raise an error if the top folders look like splits without a training split."""
    filled = [name for name in tops if _image_files(root / name, Listing(root, {}))]
    if len(filled) < 2:
        return
    listed = _quoted(filled)
    if set(filled) <= splits:
        raise DatasetError(
            f"{str(root)!r} holds {listed}, which are names of splits, but no train/. Rename the folder of the training images; it "
            "must hold one folder per class."
        )
    inside = [set(_folders(root / name)) for name in filled]
    common, every = set.intersection(*inside), set.union(*inside)
    if len(common) < 2 or len(common) < MUCH_ALIKE * len(every) or any(_holds_image_files(root / name) for name in filled):
        return
    raise DatasetError(
        f"{str(root)!r} holds {listed} with subfolders of the same names ({_quoted(sorted(common))}), so they may be splits or "
        "classes. Rename splits to train and test, or move the image files of classes up."
    )


def _holds_image_files(folder: Path) -> bool:
    return any(entry.is_file() and _is_image_file(entry.name) for entry in _entries(folder))


def _add_split(listing: Listing, split: str, folder: Path, classes: list[str]) -> Listing:
    listing.splits[split] = {printable(name): _image_files(folder / name, listing) for name in classes}
    composed = Counter(unicodedata.normalize("NFC", name) for name in listing.splits[split])
    repeated = next((name for name, count in composed.items() if count > 1), None)
    if repeated or len(listing.splits[split]) < len(classes):
        raise DatasetError(
            f"{str(folder)!r} holds two folders with the same displayed name, {repeated or 'after escaping'!r}. Rename or "
            "merge them."
        )
    return listing


def _checked(listing: Listing, *, least: int = 2) -> Listing:
    names = listing.class_names()
    filled = [name for name in names if any(classes.get(name) for classes in listing.splits.values())]
    root = repr(str(listing.root))
    if len(filled) < least:
        raise DatasetError(_too_few(listing, names, filled))
    if len(names) > MAX_CLASSES:
        raise DatasetError(
            f"{root} holds {len(names):,} class folders, but at most {MAX_CLASSES:,} classes are supported. Use some of them."
        )
    if "train" not in listing.splits:
        return listing
    if not any(listing.splits["train"].values()):
        raise DatasetError(f"the training split of {root} holds no image files. Add some of each class.")
    for split, classes in listing.splits.items():
        for name in classes:
            if name not in listing.splits["train"]:
                near = get_close_matches(name, listing.splits["train"], n=1)
                hint = f"Did you mean {near[0]!r}?" if near else "Rename the folder, or add it to train/."
                raise DatasetError(f"{split}/ in {root} has the class {name!r}, which train/ lacks. {hint}")
    return listing


def _too_few(listing: Listing, names: tuple[str, ...], filled: list[str]) -> str:
    root = repr(str(listing.root))
    remedy = f"Make one folder of image files per class, such as {EXAMPLE}"
    others = ", ".join(f"{count:,} {suffix}" for suffix, count in listing.ignored_files.most_common(MAX_SUFFIXES))
    if filled:
        below = listing.root / filled[0]
        inside = below.is_dir() and len(_folders(below)) > 1
        remedy = f"Pass {str(below)!r} if its folders are the classes" if inside else "Add a folder for another class"
        return f"{root} has image files of only one class, {filled[0]!r}. {remedy}."
    if names:
        found = f" (only {others})" if others else ""
        return f"the folders of {root} ({_quoted(names)}) hold no image files{found}. Save images as PNG or JPEG in them."
    directly = sum(entry.is_file() and _is_image_file(entry.name) for entry in _entries(listing.root))
    if directly:
        return f"{root} holds {count_of(directly, 'image file')} but no class folders. {remedy}."
    return f"{root} holds no data{f' (only {others})' if others else ''}. {remedy}; or pass IDX files or a train.csv."


def _folders(folder: Path) -> list[str]:
    """Return the names of the subfolders of ``folder``, including links."""
    names = []
    for entry in _entries(folder):
        if _is_hidden(entry.name) or not entry.is_dir():
            continue
        if entry.is_symlink() and _leads_up(entry.path, folder):
            continue  # a walk through it would not end
        names.append(entry.name)
    return sorted(names, key=os.fsencode)


def _leads_up(link: str, folder: Path) -> bool:
    return Path(link).resolve() in (folder.resolve(), *folder.resolve().parents)


def _image_files(folder: Path, listing: Listing) -> list[str]:
    """Return the image files in ``folder`` and below, without following links to folders."""
    found = []
    for directory, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted((name for name in folders if not _is_hidden(name)), key=os.fsencode)
        if links := sum(Path(directory, name).is_symlink() for name in folders):
            listing.ignored_files["links to folders"] += links
        for name in sorted(files, key=os.fsencode):
            if name.startswith(".") or name.lower() in LEFT_BY_SYSTEMS:
                continue
            if _is_image_file(name):
                found.append(f"{directory}{os.sep}{name}")
            else:
                listing.ignored_files[printable(PurePath(name).suffix.lower()) or "without suffix"] += 1
    return found


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        _refuse(error)
        raise


def _refuse(error: OSError) -> None:
    raise DatasetError(f"cannot open {str(error.filename)!r}: {reason_of(error)}. Check its permissions.") from error


def _is_hidden(folder: str) -> bool:
    return folder.startswith(".") or folder in IGNORED_FOLDERS


def _is_image_file(name: str) -> bool:
    return PurePath(name).suffix.lower() in SUFFIXES


def _quoted(names: Sequence[str]) -> str:
    quoted = [repr(printable(name)) for name in names]
    return join_words(quoted) if len(quoted) == 2 else shorten_list(quoted)
