"""Reader for text tables with one line per image: its label and its pixels.

Images are square, grey or RGB.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import DatasetError, reason_of
from ...formatting import count_of, join_words, printable
from ...system.memory import check_memory
from ..dataset import Dataset, RowNames, take_names
from ..read_options import ReadListener, ReadOptions, find_class_names
from .assemble import DatasetSource, RawSplit, assemble_splits
from .csv_labels import LabelColumn, find_labels
from .csv_layout import Layout, find_layout, is_number, looks_like_table
from .csv_lines import Lines, read_lines
from .nested_folders import visible_entries, wrapped_folders
from .pixel_values import images_of_rows, square_side
from .split_names import find_splits

SUFFIXES = frozenset({".csv", ".tsv"})
NO_VALUE = frozenset({"nan", "na", "n/a", "null", "none", "-", "?"})


def find_tables(folder: Path, *, all_as_test: bool = False) -> dict[str, Path]:
    """Return the tables of the splits ``train``, ``test`` and ``val`` in ``folder``, or in the only folder in it, by their names.

    The result is empty without a training table, or with ``all_as_test`` a test table; two tables for the same split are a
    DatasetError.
    """
    paths = [path for inner in wrapped_folders(folder) for path in visible_entries(inner) if path.is_file()]
    stems = {path: path.stem if path.suffix.lower() in SUFFIXES else path.name for path in paths}
    splits, found = find_splits(stems.values()), dict[str, Path]()
    for path, stem in stems.items():
        split = splits.get(stem) or next((split for split in ("train", "test") if stem.lower().endswith(split)), "")
        if split not in ("train", "test", "val") or not (path.suffix.lower() in SUFFIXES or looks_like_table(path)):
            continue
        if split in found:
            raise DatasetError(
                f"{str(folder)!r} holds two {split} tables, {found[split].name} and {path.name}. Pass one of them, or remove "
                "the other."
            )
        found[split] = path
    return found if "train" in found or (all_as_test and "test" in found) else {}


def read_table(path: Path, options: ReadOptions, progress: ReadListener | None = None) -> Dataset:
    """Read one table; a DatasetError lists all invalid lines.

    A column such as FER2013's ``Usage`` names the split of each line; without one, a test split is held out.
    """
    table = _read(path, progress)
    [whole] = _splits([table])
    parts, splits = {"train": whole}, table.labels.splits
    if splits is not None:
        rows = {split: np.flatnonzero(np.array(splits) == split) for split in ("train", "val", "test") if split in splits}
        parts = {
            split: RawSplit(whole.images[which], whole.labels[which], take_names(table.names, which))
            for split, which in rows.items()
        }
    notes = (*table.notes, *_notes_on_numbers([table]))
    notes += (f"took the splits from {table.labels.split_column} of {path.name}",) if splits else ()
    # A classes.txt next to a single table may belong to another dataset.
    return assemble_splits(DatasetSource(str(path), f"Table of pixels, {path.name}", notes=notes), parts, options)


def read_tables(folder: Path, options: ReadOptions, progress: ReadListener | None = None) -> Dataset:
    """Read ``train.csv``, ``val.csv`` and ``test.csv``; a DatasetError lists all invalid lines.

    A test table without labels, as on Kaggle, is ignored. Validation images join the training table, as they do in folders.
    """
    paths = find_tables(folder, all_as_test=options.all_as_test)
    first, *others = [split for split in ("train", "val", "test") if split in paths]
    read = {first: _read(paths[first], progress)}
    read |= {split: _read(paths[split], progress, read[first]) for split in others}
    notes = tuple(dict.fromkeys(note for table in read.values() for note in table.notes))
    files = join_words([path.name for path in paths.values()])
    labelled = {split: table for split, table in read.items() if table.labels.texts is not None}
    unread = {split: table.labels.split_column for split, table in read.items() if table.labels.splits}
    notes += tuple(f"ignored {column} of {paths[split].name}, which names splits" for split, column in unread.items())
    notes = (*notes, *_notes_on_numbers(labelled.values()))
    origin = DatasetSource(str(folder), f"Table of pixels, {files}", class_names=find_class_names(folder), notes=notes)
    return assemble_splits(origin, dict(zip(labelled, _splits(list(labelled.values())), strict=True)), options)


@dataclass(frozen=True, eq=False)
class _Table:
    """The contents of a table."""

    images: npt.NDArray[Any]
    labels: LabelColumn
    names: RowNames
    pixels: int
    notes: tuple[str, ...]


def _splits(tables: list[_Table]) -> list[RawSplit]:
    """Return tables as splits, with labels of one kind in all."""
    labels = _labels([text for table in tables for text in table.labels.texts or ()])
    ends = np.cumsum([len(table.images) for table in tables])[:-1]
    return [RawSplit(table.images, part, table.names) for table, part in zip(tables, np.split(labels, ends), strict=True)]


def _notes_on_numbers(tables: Iterable[_Table]) -> Iterator[str]:
    """Yield a note for each class whose label is a number that the tables write in several ways."""
    texts = {text for table in tables for text in table.labels.texts or ()}
    if _are_whole(texts):
        for number, alike in groupby(sorted(texts, key=float), key=float):
            if len(ways := sorted(alike)) > 1:
                yield f"took the labels {join_words(ways)} as one class, the number {number:.0f}"


def _read(path: Path, progress: ReadListener | None, train: _Table | None = None) -> _Table:
    layout, lines, shape = read_pixel_lines(path, progress, train.pixels if train else None)
    if train and train.pixels != layout.pixels:
        raise DatasetError(
            f"{str(path)!r} has {layout.pixels:,} pixels per line, the training table {train.pixels:,}. Use images of one size."
        )
    found, lines = find_labels(path, layout, lines, train.labels if train else None)
    notes = (*sorting_notes(path, layout), *found.notes)
    if found.texts is None and train is None:
        raise DatasetError(f"{str(path)!r} has no labels: {found.reason}. Add a first column named label.")
    if found.texts is None:
        notes = (f"ignored {path.name}, which has no labels: {found.reason}",)
    no_label = _words_for_none(found.texts or ())
    for number, text in zip(lines.numbers, found.texts or (), strict=False):
        if not text or text in no_label:
            lines.report(number, f"the label is {text!r}, and the others are numbers" if text else "the label is empty")
    refuse_bad_lines(path, lines)
    images, note = images_of_rows(np.stack(lines.rows), shape)
    notes = (*notes, note) if note else notes
    names = RowNames(f"{printable(path.name)} line", np.array(lines.numbers, np.int64))
    return _Table(images, found, names, layout.pixels, notes)


def _words_for_none(labels: Sequence[str]) -> set[str]:
    """Return the words for no value that stand among numbers, where they name no class as they may among names."""
    different = set(labels) - {""}
    words = {label for label in different if label.casefold() in NO_VALUE}
    return words if words != different and all(map(is_number, different - words)) else set()


def read_pixel_lines(
    path: Path, progress: ReadListener | None = None, pixels: int | None = None, *, labelled: bool = True
) -> tuple[Layout, Lines, tuple[int, int, int]]:
    """Return the layout of a table, its lines and the shape of its images; a DatasetError lists all invalid lines.

    ``pixels`` is the number of pixels of the training table, for a table that belongs to it.
    """
    try:
        layout = find_layout(path, pixels, labelled=labelled)
        shape = square_side(layout.pixels)
        if shape is None:
            raise DatasetError(
                f"{str(path)!r} has {layout.columns:,} columns, of which {layout.pixels:,} hold pixels: no square image such as "
                "784 (28 × 28) or 3,072 (32 × 32 × 3). Save images of other shapes as .npz."
            )
        check_memory(path.stat().st_size // 2, repr(str(path)))  # a pixel takes one byte, its text two or more
        lines = read_lines(path, layout, progress)
    except OSError as error:
        raise DatasetError(f"cannot read {str(path)!r}: {reason_of(error)}. Check its name and permissions.") from error
    refuse_bad_lines(path, lines, labelled=labelled)
    if not lines.rows:
        raise DatasetError(f"{str(path)!r} holds a header but no images. Add one line per image.")
    return layout, lines, shape


def sorting_notes(path: Path, layout: Layout) -> tuple[str, ...]:
    """Return a note if the pixels of a table are read in another order than its columns have."""
    return (f"put the pixel columns of {path.name} in the order of their numbers",) * layout.is_sorted


def refuse_bad_lines(path: Path, lines: Lines, *, labelled: bool = True) -> None:
    """Raise a DatasetError that lists the invalid lines, if there are any."""
    if not lines.faulty:
        return
    listed = "\n".join(f"  line {number:,}: {what}" for number, what in lines.bad)
    more = len(lines.faulty) - len(lines.bad)
    rest = f"\n  and {more:,} more" if more else ""
    raise DatasetError(
        f"{str(path)!r} has {count_of(len(lines.faulty), 'invalid line')}: each needs "
        f"{'a label and ' * labelled}the same number of values from 0 to 255. Correct or remove:\n{listed}{rest}"
    )


def _labels(texts: list[str]) -> npt.NDArray[Any]:
    return np.array([*map(float, texts)]).astype(np.int64) if _are_whole(set(texts)) else np.array(texts)


def _are_whole(texts: Iterable[str]) -> bool:
    return all(is_number(text) and abs(float(text)) < 2**53 and float(text).is_integer() for text in texts)
