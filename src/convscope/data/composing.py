"""A dataset composed of the arrays that a file holds, whatever kind of file it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ..errors import ConfigError, DatasetError
from ..types import Labels, PathLike
from .dataset import Dataset, Provenance, Split
from .labels import ClassNames, index_labels
from .levels import BLOCK, to_images
from .memory import room_for
from .pictures import shown
from .reading import ReadOptions
from .split import stratified_split

TEST_FRACTION = 0.2
"""Of a dataset that comes without a test split."""
TEST_SEED = 0


@dataclass(frozen=True, eq=False)
class Part:
    """Images and labels of one split as they were read: see ``levels.to_images`` and ``labels.index_labels``."""

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any]


@dataclass(frozen=True)
class Origin:
    """What is known of a dataset besides its arrays."""

    source: str
    description: str
    name: str = ""
    """By default that of the file or folder."""
    licence: str = ""
    content: str = "images"
    class_names: ClassNames = None
    """Unless the options name others."""
    notes: tuple[str, ...] = field(default=())

    @property
    def quoted(self) -> str:
        """For the beginning of a sentence."""
        return repr(self.source)


def compose(origin: Origin, train: Part, test: Part | None, options: ReadOptions) -> Dataset:
    """The dataset of these arrays; without ``test``, a fifth is held out, stratified, by seed 0, and a note says so.

    Raises :class:`DatasetError` or :class:`ConfigError` in one sentence that begins with the source.
    """
    parts = [train] if test is None else [train, test]
    for part in parts:
        if len(part.images) != len(part.labels):
            raise DatasetError(
                f"{origin.quoted} has {len(part.images):,} images but {len(part.labels):,} labels; one label per image was "
                "expected."
            )
    images, notes = to_images([part.images for part in parts], origin.quoted)
    labels, names = index_labels([part.labels for part in parts], origin.quoted, options.class_names or origin.class_names)
    _check_size(images[0].shape[1:3], options, origin.quoted)
    splits = [Split(*each) for each in zip(images, labels, strict=True)]
    if test is None:
        kept, held_out = hold_out_test(splits[0].labels, origin.quoted)
        notes.append(held_out_note(len(held_out), len(kept) + len(held_out)))
        splits = [_taken(splits[0], rows, origin.quoted) for rows in (kept, held_out)]
    provenance = Provenance(
        source=origin.source,
        description=origin.description,
        licence=origin.licence,
        content=origin.content,
        notes=(*origin.notes, *notes),
        reading=options,
    )
    name = origin.name or dataset_name(origin.source)
    return Dataset(name, splits[0], splits[1], tuple(map(shown, names)), provenance)


def _taken(split: Split, rows: Labels, name: str) -> Split:
    """``split.take(rows)``, a few at a time: a set that is mapped from a file because it is large stays out of memory."""
    images = room_for((len(rows), *split.images.shape[1:]), name)
    for start in range(0, len(rows), BLOCK):
        images[start : start + BLOCK] = split.images[rows[start : start + BLOCK]]
    return Split(images, split.labels[rows])


def hold_out_test(labels: Labels, name: str) -> tuple[Labels, Labels]:
    """Indices (kept,) and (held out,). Raises :class:`DatasetError` where there are too few images for both."""
    kept, held_out = stratified_split(labels, TEST_FRACTION, seed=TEST_SEED)
    if not len(held_out):
        raise DatasetError(
            f"{name} holds {len(labels):,} image{'s' * (len(labels) != 1)}, too few to hold some out for testing; several per "
            "class were expected. Add images, or a test split."
        )
    return kept, held_out


def held_out_note(held_out: int, everything: int) -> str:
    """Says so."""
    were = "was" if held_out == 1 else "were"
    return f"no test split comes with it: {held_out:,} of {everything:,} images {were} held out, stratified, by seed {TEST_SEED}"


def dataset_name(source: PathLike) -> str:
    """What to call the dataset in a file or folder: its name without ending, fit for the name of a run's folder."""
    path = Path(source)
    plain = path.resolve()
    return shown(plain.stem if path.is_file() else plain.name).strip() or "data"


def _check_size(size: tuple[int, ...], options: ReadOptions, name: str) -> None:
    if options.image_size is not None and options.image_size != size:
        wanted, found = (" × ".join(map(str, pair)) for pair in (options.image_size, size))
        raise ConfigError(
            f"image size {wanted} was asked of {name}, whose images are {found}; only folders of pictures are "
            "fitted to another size. Leave --image-size out."
        )
