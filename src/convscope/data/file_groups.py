"""Groups of image files by their names: the frames of one scene, the photos of one patient."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ConfigError, option
from ..formatting import count_of
from ..types import Labels
from .dataset import Dataset

BY_SEPARATOR = tuple(pattern for each in "_- " for pattern in (rf"([^/{each}]+){each}[^/]*$", rf"([^/]+){each}[^/{each}]*$"))
BY_FOLDER, BY_ROBOFLOW = r"([^/]+)/[^/]+$", r"([^/]+)\.rf\.[0-9a-f]+\.\w+$"
"""Patterns for file names that begin with a word of the group, and for folders of a group within a class."""
MATCHING, IN_GROUPS, LARGEST = 0.9, 0.5, 0.5
"""Least share of files whose names match, and of files that are not alone in their group; largest share of one group."""
SEARCH = """import json, re, sys
pattern, files = json.load(sys.stdin)
found = (re.search(pattern, file) for file in files)
print(json.dumps([match and ("/".join(filter(None, match.groups())) or match[0] or None) for match in found]))"""
SECONDS = 20
"""A process of its own searches for the pattern of a user, or of a run from elsewhere: for some, such as ``(a+)+$``, a search takes
for ever, and only the end of the process ends it. It costs 0.05 s."""
FEWEST, ENOUGH = 3, 5
"""Groups that a pattern must give to be offered; of several patterns, the one with fewest groups, but enough, is offered."""


@dataclass(frozen=True)
class FileGroups:
    """Groups of files, and those whose files are in both splits."""

    pattern: str
    is_offered: bool
    """Whether the names suggest the pattern; otherwise it was asked for."""
    number: int
    shared: tuple[str, ...]
    """The groups in both splits, the largest first."""

    def as_dict(self) -> dict[str, object]:
        """Return the numbers as JSON."""
        return {
            "pattern": self.pattern,
            "offered": self.is_offered,
            "n": self.number,
            "in_both_splits": len(self.shared),
            "shared": list(self.shared[:100]),
        }


def group_files(files: Sequence[str], pattern: str) -> Labels:
    """Return the group of each file (n,), by what ``pattern`` finds in its path below the data; other files are groups of one.

    ConfigError if the pattern is found in no path, or takes too long.
    """
    keys = _keys_in_time(files, pattern)
    if not any(keys):
        searched = f"{count_of(len(files), 'file')}, such as {files[0]!r}"
        raise ConfigError(
            f"the pattern {pattern!r} of {option('group_by')} is found in none of {searched}. "
            r"Pass a regular expression for the part of the name that the files of a group share, such as scene\d+."
        )
    unique = [key or f"/{row}" for row, key in enumerate(keys)]  # no key of a file begins with a slash
    return np.unique(np.array(unique), return_inverse=True)[1].astype(np.int64)


def find_groups(dataset: Dataset) -> FileGroups | None:
    """Return the groups that were asked for, or that the file names suggest; None if there are none in both splits."""
    train, test = dataset.train.names, dataset.test.names
    if not isinstance(train, tuple) or not isinstance(test, tuple) or not train or not test:
        return None
    files, asked = [*train, *test], dataset.provenance.reading.group_by
    pattern = asked or _suggest(files, np.concatenate([dataset.train.labels, dataset.test.labels]))
    if pattern is None:
        return None
    keys = _keys_in_time(files, asked) if asked else _keys(files, pattern)
    real = set(keys) if asked else _groups_within_folders(files, keys)
    of_train, of_test = (Counter(key for key in part if key) for part in (keys[: len(train)], keys[len(train) :]))
    sizes = of_train + of_test
    shared = sorted(of_train.keys() & of_test.keys() & real, key=lambda key: (-sizes[key], key))
    return FileGroups(pattern, asked is None, len(sizes), tuple(shared)) if shared else None


def _keys_in_time(files: Sequence[str], pattern: str) -> list[str | None]:
    question = json.dumps([pattern, [file.replace(os.sep, "/") for file in files]])
    try:
        done = subprocess.run(  # noqa: S603 - this Python, with a line of ours
            [sys.executable, "-I", "-c", SEARCH], input=question, capture_output=True, text=True, check=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(
            f"the search for the pattern {pattern!r} of {option('group_by')} in {len(files):,} file names takes more than "
            rf"{SECONDS} s. Pass one that repeats nothing that repeats itself, such as scene\d+."
        ) from None
    return list(json.loads(done.stdout))


def _keys(files: Sequence[str], pattern: str) -> list[str | None]:
    """Return what one of our own patterns finds, as ``SEARCH`` does."""
    found = (re.search(pattern, file.replace(os.sep, "/")) for file in files)
    return ["/".join(filter(None, match.groups())) or match[0] if match else None for match in found]


def _groups_within_folders(files: Sequence[str], keys: Sequence[str | None]) -> set[str | None]:
    """Return the keys of several files in one folder; others are numbers that begin anew in every folder."""
    pairs = Counter((file.replace(os.sep, "/").rpartition("/")[0], key) for file, key in zip(files, keys, strict=True))
    return {key for (_, key), count in pairs.items() if key and count > 1}


def _suggest(files: Sequence[str], labels: Labels) -> str | None:
    best, count = None, 0
    numbered = dict.fromkeys(pattern for file in (files[0], files[len(files) // 2]) for pattern in _numbered(file))
    for pattern in (*numbered, *BY_SEPARATOR, BY_FOLDER, BY_ROBOFLOW):
        number = _number_of_groups(files, _keys(files, pattern), labels)
        # Fewer groups are safer, as long as enough are left to hold some out.
        if number and (best is None or (number < count if number >= ENOUGH else number > count)):
            best, count = pattern, number
    return best


def _number_of_groups(files: Sequence[str], keys: Sequence[str | None], labels: Labels) -> int:
    """Return the number of groups, or 0 if they are no plausible ones."""
    sizes = Counter(key for key in keys if key)
    total, several = len(keys), sum(sizes[key] for key in _groups_within_folders(files, keys) if key)
    if sizes.total() < MATCHING * total or several < IN_GROUPS * total or len(sizes) < FEWEST:
        return 0
    pairs = {(key, label) for key, label in zip(keys, labels.tolist(), strict=True) if key}
    names_classes = len(pairs) == len(sizes) <= len(np.unique(labels))
    return 0 if names_classes or max(sizes.values()) > LARGEST * total or 2 * len(sizes) > total else len(sizes)


def _numbered(file: str) -> Iterator[str]:
    r"""Yield patterns for the beginning of a name up to each of its numbers but the last: ``scene\d+`` for scene03-frame7."""
    stem = Path(file).stem
    numbers = list(re.finditer(r"\d+", stem))
    for number in numbers[:-1]:
        parts = re.split(r"\d+", stem[: number.start()])
        form = r"\d+".join(map(re.escape, parts)) + r"\d+"
        yield form if form[0] != "\\" else rf"({form})[^/]*$"
