"""A folder of IDX files as a dataset, under the names that MNIST, Fashion-MNIST and EMNIST gave theirs.

Names such as ``train-images-idx3-ubyte.gz``, ``t10k-labels.idx1-ubyte`` or ``emnist-letters-test-images-idx3-ubyte``: which set,
which split, images or labels. EMNIST's images lie on their side in the files, and are set upright here; they are handwritten
signs as MNIST's are, but with the middle of their box in the middle, not their centre of mass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from .composing import Origin, Part, compose
from .dataset import Dataset
from .digit_sets import with_settings
from .idx import read_idx
from .labels import ClassNames
from .reading import ReadOptions, read_class_names

NAME = re.compile(
    r"(?:(?P<set>.+?)[-_.])??(?P<split>train|t10k|test)[-_.]?(?P<what>images|labels)[-_.]idx[134][-_.]ubyte(?:\.gz)?",
    re.IGNORECASE,
)
SUBFOLDERS = ("raw", "gzip")
"""Where torchvision and NIST's archive put the files, below the folder that people name."""
TURNED = "emnist"
UPRIGHT = "its images were set upright, as EMNIST's have to be"
CLASSES = "classes.txt"


@dataclass(frozen=True)
class IdxSet:
    """Files that belong together."""

    folder: Path
    name: str
    """What comes before the split in the files' names; often nothing."""
    files: dict[tuple[str, str], Path]
    """By split (``train``, ``test``) and ``images`` or ``labels``."""


def find_sets(folder: Path) -> list[IdxSet]:
    """The sets whose files lie in ``folder``, or in its ``raw`` or ``gzip``; none, where there are none."""
    for place in (folder, *(folder / name for name in SUBFOLDERS)):
        found: dict[str, dict[tuple[str, str], Path]] = {}
        # Sorted backwards, so that a plain file takes the place of the packed one of the same name.
        for path in sorted(place.iterdir(), reverse=True) if place.is_dir() else ():
            if (match := NAME.fullmatch(path.name)) and path.is_file():
                split = "train" if match["split"].lower() == "train" else "test"
                found.setdefault(match["set"] or "", {})[split, match["what"].lower()] = path
        if found:
            return [IdxSet(place, name, files) for name, files in sorted(found.items())]
    return []


def read_idx_path(path: Path, options: ReadOptions) -> Dataset:
    """The dataset in a folder, or the one that a single file belongs to. Raises :class:`DatasetError`."""
    sets = find_sets(path if path.is_dir() else path.parent)
    if not path.is_dir():
        match = NAME.fullmatch(path.name)
        sets = [each for each in sets if match and each.name == (match["set"] or "")]
        if not sets:
            raise DatasetError(
                f"{str(path)!r} is an IDX file, but its name does not say of what; names such as train-images-idx3-ubyte and "
                "train-labels-idx1-ubyte, beside each other, were expected. Rename both."
            )
    if len(sets) > 1:
        names = ", ".join(each.name or "one without a name" for each in sets)
        one = next(iter(sets[0].files.values()))
        raise DatasetError(
            f"{str(path)!r} holds {len(sets)} sets ({names}); one was expected. Pass a file of the one that is meant, such "
            f"as {one}."
        )
    return read_set(sets[0], _origin(path, sets[0]), options)


def read_set(found: IdxSet, origin: Origin, options: ReadOptions) -> Dataset:
    """The dataset of these files. Raises :class:`DatasetError` where one is missing or damaged."""
    train = _part(found, "train")
    test = _part(found, "test") if any(split == "test" for split, _ in found.files) else None
    dataset = compose(origin, train, test, options)
    return with_settings(dataset, centre=False) if found.name.lower().startswith(TURNED) else dataset


def _part(found: IdxSet, split: str) -> Part:
    arrays = {}
    for what, dimensions in (("images", (3, 4)), ("labels", (1,))):
        if (split, what) not in found.files:
            others = ", ".join(sorted(path.name for path in found.files.values()))
            raise DatasetError(
                f"{str(found.folder)!r} holds {others}, but no {split} {what}; "
                "images and labels of the training split, and of the test split or not, were expected. Add that file."
            )
        arrays[what] = read_idx(found.files[split, what], dimensions)
    return Part(_upright(arrays["images"]) if found.name.lower().startswith(TURNED) else arrays["images"], arrays["labels"])


def _upright(images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    turned = images.swapaxes(1, 2)
    return turned if isinstance(images, np.memmap) else np.ascontiguousarray(turned)


def _origin(path: Path, found: IdxSet) -> Origin:
    files = sorted(file.name for file in found.files.values())
    names: ClassNames = _mapped_names(found.folder / f"{found.name}-mapping.txt")
    if (found.folder / CLASSES).is_file():
        names = read_class_names(found.folder / CLASSES)
    return Origin(
        str(path),
        f"IDX files {files[0]} and {len(files) - 1} beside it",
        name=found.name if found.name and not path.is_dir() else "",
        class_names=names,
        notes=(UPRIGHT,) if found.name.lower().startswith(TURNED) else (),
    )


def _mapped_names(path: Path) -> dict[int, str] | None:
    """What EMNIST's mapping says: lines of a label and the code points of its characters, as ``1 65 97`` for A and a."""
    try:
        rows = [[int(word) for word in line.split()] for line in path.read_text("ascii").splitlines() if line.strip()]
        return {label: "".join(map(chr, codes)) for label, *codes in rows} or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, OverflowError) as error:
        raise DatasetError(
            f"{str(path)!r} cannot be read as a mapping of labels; lines such as '1 65 97', a label and code points, were "
            "expected. Copy it again, or delete it to do without names."
        ) from error
