"""Reader for folders of IDX files named as in MNIST, Fashion-MNIST and EMNIST.

The names give the dataset, the split, and images or labels: ``train-images-idx3-ubyte.gz``, ``t10k-labels.idx1-ubyte``,
``emnist-letters-test-images-idx3-ubyte``. EMNIST stores its images transposed, so they are transposed back. Its
characters are preprocessed like MNIST's, except that the bounding box is centred instead of the centre of mass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import DatasetError
from ...formatting import join_words
from ..dataset import Dataset
from ..digits.recognize_dataset import mark_as_digits
from ..orientation import EMNIST
from ..read_options import ReadOptions, find_class_names
from .assemble import DatasetSource, RawSplit, assemble_dataset, rows_of
from .idx import read_idx
from .labels import ClassNames
from .nested_folders import visible_entries, wrapped_folders

NAME = re.compile(
    r"(?:(?P<set>.+?)[-_.])??(?P<split>train|t10k|test)[-_.]?(?P<what>images|labels)[-_.]idx[134][-_.]ubyte(?:\.gz)?",
    re.IGNORECASE,
)

SUBFOLDERS = ("raw", "gzip")
"""Subfolders in which torchvision and NIST's archive put the files."""


@dataclass(frozen=True)
class IdxSet:
    """The IDX files of one dataset."""

    folder: Path
    name: str
    """The part of the file names before the split; often empty."""
    files: dict[tuple[str, str], Path]
    """Paths by split (``train``, ``test``) and content (``images``, ``labels``)."""


def find_sets(folder: Path) -> list[IdxSet]:
    """Return the IDX datasets in ``folder``, in the only folder in it, or in its ``raw`` or ``gzip`` folder."""
    for directory in (outer / name for outer in wrapped_folders(folder) for name in ("", *SUBFOLDERS)):
        found: dict[str, dict[tuple[str, str], Path]] = {}
        # In reverse order, so that a plain file replaces the gzipped one of the same name.
        for path in reversed(visible_entries(directory)):
            if (match := NAME.fullmatch(path.name)) and path.is_file():
                split = "train" if match["split"].lower() == "train" else "test"
                found.setdefault(match["set"] or "", {})[split, match["what"].lower()] = path
        if found:
            return [IdxSet(directory, name, files) for name, files in sorted(found.items())]
    return []


def read_idx_path(path: Path, options: ReadOptions) -> Dataset:
    """Read the IDX dataset in a folder, or the one that a file belongs to.

    DatasetError if there is none, there are several, or a file is missing or damaged.
    """
    sets = find_sets(path if path.is_dir() else path.parent)
    if not path.is_dir():
        match = NAME.fullmatch(path.name)
        sets = [each for each in sets if match and each.name == (match["set"] or "")]
        if not sets:
            raise DatasetError(
                f"the name of the IDX file {str(path)!r} does not give its split and content. Rename images and labels, for "
                "example to train-images-idx3-ubyte and train-labels-idx1-ubyte, in one folder."
            )
    if len(sets) > 1:
        names = ", ".join(each.name or "unnamed" for each in sets)
        example = next(iter(sets[0].files.values()))
        raise DatasetError(
            f"{str(path)!r} holds {len(sets)} datasets ({names}). Pass a file of one of them, such as {example}."
        )
    return read_set(sets[0], _origin(path, sets[0]), options)


def read_set(found: IdxSet, origin: DatasetSource, options: ReadOptions) -> Dataset:
    """Read a dataset from its IDX files."""
    splits = {split for split, _ in found.files}
    if options.all_as_test and splits == {"test"}:
        train, test = _part(found, "test"), None
    else:
        train, test = _part(found, "train"), _part(found, "test") if "test" in splits else None
    dataset = assemble_dataset(origin, train, test, options)
    return mark_as_digits(dataset, centre=False) if found.name.lower().startswith(EMNIST) else dataset


def _part(found: IdxSet, split: str) -> RawSplit:
    arrays = {}
    for what, dimensions in (("images", (3, 4)), ("labels", (1,))):
        if (split, what) not in found.files:
            others = ", ".join(sorted(path.name for path in found.files.values()))
            raise DatasetError(
                f"{str(found.folder)!r} holds {others}, but no {split} {what}. Add that file: the training split needs images "
                "and labels, and so does a test split."
            )
        arrays[what] = read_idx(found.files[split, what], dimensions)
    images = arrays["images"]
    return RawSplit(images, arrays["labels"], rows_of(found.files[split, "images"].name.removesuffix(".gz"), images))


def _origin(path: Path, found: IdxSet) -> DatasetSource:
    files = sorted(file.name for file in found.files.values())
    names: ClassNames = find_class_names(found.folder)
    if names is None:
        names = _mapped_names(found.folder / f"{found.name}-mapping.txt")
    return DatasetSource(
        str(path),
        f"IDX files {join_words(files)}",
        name=found.name if found.name and not path.is_dir() else "",
        class_names=names,
    )


def _mapped_names(path: Path) -> dict[int, str] | None:
    """Read EMNIST's label mapping: the line ``1 65 97`` gives label 1 the name Aa."""
    try:
        rows = [[int(word) for word in line.split()] for line in path.read_text("ascii").splitlines() if line.strip()]
        return {label: "".join(map(chr, codes)) for label, *codes in rows} or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, OverflowError) as error:
        raise DatasetError(
            f"cannot read the label mapping {str(path)!r}: each line must hold a label and code points, such as '1 65 97'. "
            "Copy it again, or delete it to use the numbers as names."
        ) from error
