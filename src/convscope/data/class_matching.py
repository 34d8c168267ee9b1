"""The classes of other data as those of a network: by name, never by position."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import ConfigError, nearest_name, option, reason_of
from ..formatting import composed, shorten_list
from ..system.regular_files import read_user_text
from ..types import PathLike
from .dataset import Dataset, Split

WHOLE = re.compile(r"\+?0*(\d+)(?:\.0*)?", re.ASCII)
"""A class name that is a number: ``3``, ``03`` and ``3.0`` are the same one."""
MAX_SHOWN = 30
"""Classes of each list in an error."""


class ClassMap(dict[str, str]):
    """The classes of a class map, and where each is in its file."""

    places: Mapping[str, str] = {}


@dataclass(frozen=True)
class ClassMatch:
    """What became of the classes of other data."""

    matched: Mapping[str, str]
    """The network's class of each class of the data, in the order of the data, by its name in the files."""
    left_out: tuple[str, ...] = ()
    """Classes of the data that the class map drops."""
    absent: tuple[str, ...] = ()
    """Classes of the network without a test image."""


def match_classes(
    dataset: Dataset, class_names: Sequence[str], class_map: Mapping[str, str] | None = None
) -> tuple[Dataset, ClassMatch]:
    """Relabel a dataset with the classes of a network, and leave out the images of classes that the map drops.

    A class takes the class of the network with the same name, or the same number. ``class_map`` overrules that for its classes.
    ConfigError if a class of the data is none of the network's, or the map names an unknown class.
    """
    known = tuple(map(composed, class_names))
    given = {composed(source): composed(target) for source, target in (class_map or {}).items()}
    of_number = {number: name for name in reversed(known) if (number := _number(name)) is not None}
    _check_map(dataset, known, given, getattr(class_map, "places", {}))
    chosen = {
        name: given[name] if name in given else name if name in known else of_number.get(_number(name) or "none")
        for name in dataset.class_names
    }
    used = {dataset.class_names[label] for split in (dataset.train, dataset.test) for label in np.unique(split.labels)}
    unknown = [name for name, target in chosen.items() if target is None and name in used]
    if unknown:
        raise ConfigError(_unknown(dataset, known, unknown))
    indices = np.array([known.index(target) if target else -1 for target in chosen.values()])
    train, test = (_relabelled(split, indices) for split in (dataset.train, dataset.test))
    if not len(test):
        raise ConfigError(
            f"the class map drops every test image of {dataset.name}. Give at least one class a class of the run."
        )
    counts = test.class_counts(len(known))
    of_files = {name: old for old, name in dataset.provenance.renamed.items()}
    match = ClassMatch(
        {of_files.get(name, name): target for name, target in chosen.items() if target},
        tuple(name for name, target in given.items() if not target),
        tuple(name for name, count in zip(known, counts.tolist(), strict=True) if not count),
    )
    return replace(dataset, train=train if len(train) else test, test=test, class_names=known), match


def read_class_map(path: PathLike) -> ClassMap:
    """Read lines such as ``10,0``: a class of the data, and the network's class for it, or nothing to leave its images out.

    ConfigError if the file cannot be read, a line is not two cells, or a class occurs twice.
    """
    try:
        reader = csv.reader(io.StringIO(read_user_text(path), newline=""), strict=True)
        rows = [(reader.line_num, [composed(cell.strip()) for cell in row]) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigError(
            f"cannot read the class map {str(path)!r} ({reason_of(error)}). Each line must hold a class of the data, a comma and a "
            "class of the run."
        ) from error
    mapped, places = ClassMap(), {}
    for number, row in rows:
        if not any(row):
            continue
        place = f"line {number} of the class map {str(path)!r}"
        if len(row) != 2 or not row[0] or row[0] in mapped:
            what = f"the class {row[0]!r} again" if len(row) == 2 and row[0] else repr(",".join(row))
            raise ConfigError(
                f"{place} holds {what}. Each line must hold a class of the data, once, a comma and a class of the run."
            )
        mapped[row[0]], places[row[0]] = row[1], place
    mapped.places = places
    return mapped


def _relabelled(split: Split, indices: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Split:
    labels = indices[split.labels]
    kept = np.flatnonzero(labels >= 0)
    whole = Split(split.images, np.maximum(labels, 0), split.names)
    return whole if len(kept) == len(labels) else whole.take(kept)


def _number(name: str) -> str | None:
    found = WHOLE.fullmatch(name.strip())
    return found[1] if found else None


def _check_map(dataset: Dataset, known: Sequence[str], given: Mapping[str, str], places: Mapping[str, str]) -> None:
    for source, target in given.items():
        place = places.get(source, "the class map")
        if source not in dataset.class_names:
            raise ConfigError(
                f"{place} names {source!r}, which is no class of {dataset.name}{_alike(source, dataset.class_names)}: "
                f"{_listed(dataset.class_names)}. Correct it."
            )
        if target and target not in known:
            raise ConfigError(
                f"{place} gives {source!r} the class {target!r}, which is none of the run's{_alike(target, known)}: "
                f"{_listed(known)}. Correct it."
            )


def _unknown(dataset: Dataset, known: Sequence[str], unknown: Sequence[str]) -> str:
    others = f"classes of the data: {_listed(dataset.class_names)}; " * (len(unknown) < dataset.num_classes)
    return (
        f"{dataset.name} has the {'class' if len(unknown) == 1 else 'classes'} {_listed(unknown)}, not among the run's"
        f"{_alike(unknown[0], known)}; {others}classes of the run: {_listed(known)}. "
        f"Say which is which with {option('map_classes', 'FILE')}, a CSV file with one line per class, such as {unknown[0]},"
        f"{nearest_name(unknown[0], known) or known[0]}."
    )


def _alike(name: str, known: Sequence[str]) -> str:
    near = nearest_name(name, known)
    return f" (did you mean {near!r}?)" if near else ""


def _listed(names: Sequence[str]) -> str:
    return shorten_list([repr(name) for name in names], MAX_SHOWN)
