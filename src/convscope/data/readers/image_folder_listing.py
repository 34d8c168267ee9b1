"""Splits, classes and image files in a folder, by their names alone; no file is opened.

There is one folder per class, with image files at any depth. Class folders are at the top, or below split folders such as
``train/``, ``test/`` and ``val/`` (``split_names.SPLITS`` has their other names). Archives often unpack into a folder within a
folder of the same name, or of a name that says nothing; the inner one is read.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from ...errors import DatasetError, nearest_name, spelled
from ...formatting import composed, count_of, join_words, printable, shorten_list
from ..read_options import MAX_CLASSES
from .labels import natural_order
from .nested_folders import count_image_files, folders_in, holds_images_below, is_image_file, visible_entries, walk
from .split_names import UNLABELLED, find_splits, is_beside_images, says_nothing

TABLES = frozenset({".csv", ".tsv", ".json", ".xlsx"})
"""Suffixes of files in which labels may be."""
EXAMPLE = "photos/cat/1.jpg, photos/dog/2.jpg"
MAX_SUFFIXES = 5
MUCH_ALIKE = 0.5
"""If top folders share this many of the names of their subfolders, they look like splits, not classes."""


@dataclass(frozen=True)
class Listing:
    """The contents of a folder."""

    root: Path
    top: Path
    """The folder within ``root`` that holds splits or classes."""
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
    top = _inner_folder(root)
    listing = Listing(root, top, {})
    tops = folders_in(top)
    filled = [name for name in tops if holds_images_below(top / name)]
    named = find_splits(tops, filled)
    # A folder "train" that holds image files directly is a class, perhaps of trains; one that holds folders is a split.
    found = {name: split for name, split in named.items() if split != UNLABELLED and _class_folders(top / name)}
    if "train" not in found.values():
        if all_as_test and set(filled) <= set(named) and (alone := _test_alone(found)):
            listing.notes.extend(f"ignored {printable(name)}/" for name in filled if name != alone)
            return _checked(_add_split(listing, "", *_split_folder(top / alone)), least=1)
        _refuse_splits(listing, filled, named, found)
        return _checked(_add_split(listing, "", top, tops), least=1 if all_as_test else 2)
    others = [name for name in filled if name not in found]
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
    listing.notes.extend(
        f"took {printable(name)}/ as the {split} split" for name, split in found.items() if name not in find_splits(tops)
    )
    for name, split in found.items():
        _add_split(listing, split, *_split_folder(top / name))
    return _checked(listing)


def _test_alone(found: dict[str, str]) -> str | None:
    """Return the folder of the test split, or else of the validation split."""
    return next((name for wanted in ("test", "val") for name, split in found.items() if split == wanted), None)


def holds_classes(root: Path) -> bool:
    """Return whether two folders in ``root``, or class folders of a split, hold image files."""
    top = _inner_folder(root)
    filled = [name for name in folders_in(top) if holds_images_below(top / name)]
    return len(filled) > 1 or any(len(_class_folders(top / name)) > 1 for name in find_splits(filled, filled))


def _inner_folder(root: Path) -> Path:
    """Return ``root``, or the folder within it if that is the only one and only wraps the data."""
    filled = [name for name in folders_in(root) if holds_images_below(root / name)]
    if len(filled) != 1 or count_image_files(root) or count_image_files(root / filled[0]):
        return root
    inner = root / filled[0]
    holds_splits = "train" in find_splits(folders_in(inner)).values() and not find_splits(filled)
    return _inner_folder(inner) if holds_splits or says_nothing(inner.name) or inner.name == root.resolve().name else root


def _split_folder(folder: Path) -> tuple[Path, list[str]]:
    """Return the folder that holds the classes of a split, and their names."""
    inside = folders_in(folder)
    filled = inside if len(inside) == 1 else [name for name in inside if holds_images_below(folder / name)]
    if len(filled) != 1 or count_image_files(folder):
        return folder, inside
    is_repeated = filled == inside and (filled[0] == folder.name or filled[0] in find_splits(filled))
    return _split_folder(folder / filled[0]) if is_repeated or says_nothing(filled[0]) else (folder, inside)


def _class_folders(split: Path) -> list[str]:
    return _split_folder(split)[1]


def _refuse_splits(listing: Listing, filled: list[str], named: dict[str, str], found: dict[str, str]) -> None:
    """Raise an error if the top folders look like splits without class folders, or without a training split."""
    root, splits = repr(str(listing.root)), [name for name in filled if name in named]
    flat = [name for name in splits if name not in found]
    if flat and (len(splits) == len(filled) or len({named[name] for name in splits}) > 1):
        holds = "is named like a split but holds" if len(flat) == 1 else "are named like splits but hold"
        raise DatasetError(
            f"{root} has no class folders: {_quoted(flat)} {holds} image files directly{_tables(listing)}. Sort these into one "
            "folder per class, such as train/cat/1.jpg; if the folders are the classes, give them names without train, test and "
            "the like."
        )
    if len(filled) < 2:
        return
    if len(splits) == len(filled):
        raise DatasetError(
            f"{root} holds {_quoted(filled)}, which are names of splits, but no train/. Rename the folder of the training images; "
            "it must hold one folder per class."
        )
    inside = [set(map(composed, folders_in(listing.top / name))) for name in filled]
    common, every = set.intersection(*inside), set.union(*inside)
    if len(common) < 2 or len(common) < MUCH_ALIKE * len(every):
        return
    if any(count_image_files(listing.top / name) for name in filled):
        return
    if len(find_splits(common)) == len(common):
        raise DatasetError(
            f"{root} holds {_quoted(filled)}, each with splits ({_quoted(sorted(common))}). Put the splits above the classes, "
            f"such as {min(common)}/{printable(filled[0])}."
        )
    raise DatasetError(
        f"{root} holds {_quoted(filled)} with subfolders of the same names ({_quoted(sorted(common))}), so they may be splits or "
        "classes. Rename splits to train and test, or move the image files of classes up."
    )


def _add_split(listing: Listing, split: str, folder: Path, classes: list[str]) -> Listing:
    if stray := count_image_files(folder):
        place = f" in {printable(os.path.relpath(folder, listing.root))}/" if split else ""
        listing.notes.append(f"ignored {count_of(stray, 'image file')}{place} outside the class folders")
    names = [composed(printable(name)) for name in classes]
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        raise DatasetError(
            f"{str(folder)!r} holds two folders with the same displayed name, {repeated!r}. Rename or merge them."
        )
    listing.splits[split] = {
        name: _image_files(folder / on_disk, listing) for name, on_disk in zip(names, classes, strict=True)
    }
    return listing


def _checked(listing: Listing, *, least: int = 2) -> Listing:
    names = listing.class_names()
    filled = [name for name in names if any(classes.get(name) for classes in listing.splits.values())]
    root = repr(str(listing.root))
    if len(filled) < least:
        raise DatasetError(_too_few(listing, names, filled, measures=least == 1))
    if len(filled) > 1 and all(map(is_beside_images, filled)):
        raise DatasetError(
            f"{root} holds {_quoted(filled)}, which are no names of classes but parts of another kind of dataset. Make one folder "
            f"of image files per class, such as {EXAMPLE}."
        )
    if len(names) > MAX_CLASSES:
        raise DatasetError(
            f"{root} holds {len(names):,} class folders, but at most {MAX_CLASSES:,} classes are supported. Use some of them."
        )
    if "train" not in listing.splits:
        return listing
    if not any(listing.splits["train"].values()):
        raise DatasetError(f"the training split of {root} holds no image files. Add some of each class.")
    for split, classes in listing.splits.items():
        for name, paths in classes.items():
            if paths and not listing.splits["train"].get(name):
                near = nearest_name(name, (known for known, images in listing.splits["train"].items() if images))
                hint = f"Did you mean {near!r}?" if near else "Rename the folder, or add it to train/."
                raise DatasetError(f"{split}/ in {root} has the class {name!r}, which train/ lacks. {hint}")
    return listing


def _too_few(listing: Listing, names: tuple[str, ...], filled: list[str], *, measures: bool) -> str:
    root = repr(str(listing.root))
    remedy = f"Make one folder of image files per class, such as {EXAMPLE}"
    others = ", ".join(f"{count:,} {suffix}" for suffix, count in listing.ignored_files.most_common(MAX_SUFFIXES))
    if filled:
        below = listing.top / filled[0]
        inside = below.is_dir() and len(folders_in(below)) > 1
        remedy = f"Pass {str(below)!r} if its folders are the classes" if inside else "Add a folder for another class"
        return f"{root} has image files of only one class, {filled[0]!r}. {remedy}."
    if names:
        found = f" (only {others})" if others else ""
        return f"the folders of {root} ({_quoted(names)}) hold no image files{found}. Save images as PNG or JPEG in them."
    directly = count_image_files(listing.top)
    if directly:
        remedy += f", or classify images without labels with {spelled('convscope predict', 'convscope.predict')}" * measures
        return f"{root} holds {count_of(directly, 'image file')} but no class folders{_tables(listing)}. {remedy}."
    return f"{root} holds no data{f' (only {others})' if others else ''}. {remedy}; or pass IDX files or a train.csv."


def _image_files(folder: Path, listing: Listing) -> list[str]:
    """Return the image files in ``folder`` and below, without following links to folders."""
    found = []
    for directory, files, links in walk(folder):
        if links:
            listing.ignored_files["links to folders"] += links
        for name in files:
            if is_image_file(name):
                found.append(f"{directory}{os.sep}{name}")
            elif name.lower() != "classes.txt":
                listing.ignored_files[printable(PurePath(name).suffix.lower()) or "without suffix"] += 1
    return found


def _quoted(names: Sequence[str]) -> str:
    quoted = [repr(printable(name)) for name in names]
    return join_words(quoted) if len(quoted) == 2 else shorten_list(quoted)


def _tables(listing: Listing) -> str:
    names = [printable(path.name) for path in visible_entries(listing.top) if path.suffix.lower() in TABLES]
    return f", and file names in {shorten_list(names)} are not read" if names else ""
