"""Assembly of a dataset from the arrays of a file, independent of its format."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError, DatasetError, nearest_name, option
from ...formatting import composed, count_of, printable, shorten_list
from ...system.memory import allocate_images, check_memory
from ...types import Labels, PathLike
from ..dataset import Dataset, Names, Provenance, RowNames, Split, take_names
from ..orientation import EMNIST, NOTE, find_orientation, transpose
from ..read_options import PixelForm, ReadOptions
from ..split import stratified_split
from .labels import ClassNames, index_labels, renamed_note
from .pixel_scale import BLOCK
from .pixel_values import to_uint8_images

TEST_FRACTION = 0.2
"""Share held out of a dataset without a test split."""
TEST_SEED = 0
MANY_IMAGES = 64
"""From so many images on, labels that are all different are ids."""


@dataclass(frozen=True, eq=False)
class RawSplit:
    """Arrays of one split as read, for ``to_uint8_images`` and ``index_labels``."""

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    names: Names | None = None
    """Where each image is, such as line 17 of a table."""


def rows_of(source: str, images: npt.NDArray[Any]) -> RowNames:
    """Return the names of all rows of an array, counted from 0: ``x_test row 16``."""
    return RowNames(f"{source} row", np.arange(len(images)))


@dataclass(frozen=True)
class DatasetSource:
    """Facts about a dataset besides its arrays."""

    source: str
    description: str
    name: str = ""
    """By default the name of the file or folder."""
    licence: str = ""
    content: str = "images"
    class_names: ClassNames = None
    """Names to use unless the options give others."""
    notes: tuple[str, ...] = field(default=())

    @property
    def quoted(self) -> str:
        """The source, quoted for messages."""
        return repr(self.source)


def assemble_dataset(origin: DatasetSource, train: RawSplit, test: RawSplit | None, options: ReadOptions) -> Dataset:
    """Assemble a dataset from arrays.

    Without a test split, ``options.test_share`` of the images is held out, stratified, with seed 0.

    Raises:
        DatasetError: The arrays are invalid.
        ConfigError: The class names or the image size of ``options`` do not fit them.
    """
    parts = [train] if test is None else [train, test]
    _check_counts(parts, origin.quoted)
    if test is not None:
        refuse_test_share(options, origin.quoted)
    images, notes, scale = to_uint8_images(
        [part.images for part in parts],
        origin.quoted,
        options.pixel_range,
        options.trained_on.range if options.trained_on else None,
    )
    wanted, least = options.class_names or origin.class_names, 1 if options.all_as_test else 2
    labels, names = index_labels([part.labels for part in parts], origin.quoted, wanted, least=least)
    renamed = _renamed(parts, labels, names)
    if renamed and not options.all_as_test:
        notes.append(renamed_note(renamed))
    if len(names) == len(labels[0]) >= MANY_IMAGES and not options.all_as_test:
        raise DatasetError(
            f"each of the {len(names):,} training images of {origin.quoted} has a label of its own, so the labels are ids. Save "
            "the class of each image."
        )
    _check_size(images[0].shape[1:3], options, origin.quoted)
    if test is not None:
        refuse_untrained_classes(labels[0], labels[1], names, origin.quoted)
    on_side = train.names is not None and EMNIST in train.names[0].lower()
    if on_side and find_orientation(images[0], labels[0], names) != "upright":
        images, notes = [transpose(part) for part in images], [*notes, NOTE]
    else:
        on_side = False
    splits = [Split(pixels, classes, part.names or ()) for pixels, classes, part in zip(images, labels, parts, strict=True)]
    if test is None and options.all_as_test:
        notes.append(all_as_test_note(len(splits[0])))
        splits *= 2
    elif test is None:
        kept, held_out = hold_out_test(splits[0].labels, origin.quoted, options.test_share)
        notes.append(held_out_note(len(held_out), len(kept) + len(held_out)))
        splits = [_take(splits[0], rows, origin.quoted) for rows in (kept, held_out)]
    provenance = Provenance(
        source=origin.source,
        description=origin.description,
        licence=origin.licence,
        content=origin.content,
        notes=(*origin.notes, *notes),
        reading=options,
        pixels=PixelForm(scale.range, on_side),
        holds_out=test is None and not options.all_as_test,
        renamed=renamed,
    )
    name = origin.name or dataset_name(origin.source)
    return Dataset(name, splits[0], splits[1], tuple(map(printable, names)), provenance)


def assemble_splits(origin: DatasetSource, parts: Mapping[str, RawSplit], options: ReadOptions) -> Dataset:
    """Assemble the splits ``train``, ``val`` and ``test`` of a file, or those of them that it has, in this order.

    As in folders, the validation split joins the training split, or is the test split if there is none.
    """
    _check_counts(parts.values(), origin.quoted)
    note, (train, *more) = "", parts.values()
    if [*parts] == ["train", "val", "test"]:
        train, more = _joined(train, more[0], origin.quoted), more[1:]
        note = "added the validation images to the training split; those for the training are held out of both"
    elif [*parts] == ["train", "val"]:
        note = "used the validation images as the test split, because there is none"
    origin = replace(origin, notes=(*origin.notes, note)) if note else origin
    return assemble_dataset(origin, train, more[0] if more else None, options)


def _check_counts(parts: Iterable[RawSplit], name: str) -> None:
    for part in parts:
        if not part.images.ndim or not part.labels.ndim:
            raise DatasetError(f"{name} has a single number in place of images or labels. Save one label per image.")
        if len(part.images) != len(part.labels):
            found = count_of(len(part.labels), "label")
            if part.labels.shape[:2] == (1, len(part.images)):
                found = f"labels of shape {part.labels.shape}"
            raise DatasetError(f"{name} has {count_of(len(part.images), 'image')} but {found}. Save one label per image.")


def _renamed(parts: Sequence[RawSplit], labels: Sequence[Labels], names: Sequence[str]) -> dict[str, str]:
    """Return the class of each text among the labels that is no class."""
    texts = np.concatenate([np.ravel(part.labels) for part in parts])
    if texts.dtype.kind != "U":
        return {}
    old, rows = np.unique(texts, return_index=True)
    new = [names[index] for index in np.concatenate(labels)[rows].tolist()]
    return {name: to for name, to in zip(map(composed, old.tolist()), new, strict=True) if name != to}


def _joined(train: RawSplit, val: RawSplit, name: str) -> RawSplit:
    check_memory(train.images.nbytes + val.images.nbytes, name)
    try:
        images, labels = (np.concatenate([getattr(part, what) for part in (train, val)]) for what in ("images", "labels"))
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"{name} has training images {train.images.shape[1:]} with labels {train.labels.shape[1:]} {train.labels.dtype}, but "
            f"validation images {val.images.shape[1:]} with labels {val.labels.shape[1:]} {val.labels.dtype}. Save both alike."
        ) from error
    return RawSplit(images, labels, (*(train.names or ()), *(val.names or ())))


def refuse_untrained_classes(train: Labels, test: Labels, class_names: Sequence[str], name: str) -> None:
    """Raise a DatasetError if the test split has classes of which the training split has no image."""
    missing = [printable(class_names[index]) for index in np.setdiff1d(test, train).tolist()]
    if missing:
        near = nearest_name(missing[0], (printable(class_names[index]) for index in np.unique(train).tolist()))
        alike = f" (did you mean {near!r}?)" if near else ""
        classes = (
            f"the class {missing[0]!r}"
            if len(missing) == 1
            else f"{len(missing):,} classes, {shorten_list([*map(repr, missing)])},"
        )
        raise DatasetError(
            f"the test split of {name} has {classes} of which the training split has no image{alike}. Add images of each class to "
            "the training split, or remove them from the test split."
        )


def _take(split: Split, rows: Labels, name: str) -> Split:
    """Copy rows in blocks, so that memory-mapped data stay out of memory."""
    images = allocate_images((len(rows), *split.images.shape[1:]), name)
    for start in range(0, len(rows), BLOCK):
        images[start : start + BLOCK] = split.images[rows[start : start + BLOCK]]
    return Split(images, split.labels[rows], take_names(split.names, rows))


def hold_out_test(
    labels: Labels, name: str, share: float | None = None, groups: Labels | None = None
) -> tuple[Labels, Labels]:
    """Return indices of the kept and of the held-out ``share``, by default a fifth; DatasetError if there are too few."""
    kept, held_out = stratified_split(labels, share or TEST_FRACTION, seed=TEST_SEED, groups=groups)
    if not len(held_out):
        what, remedy = (
            (f"a share of {share:g}", f"raise {option('test_share')}, or add") if share else ("a test split", "or")
        )
        raise DatasetError(
            f"{name} holds {count_of(len(labels), 'image')}{in_groups(groups)}, too few to hold out {what}. Add several "
            f"{'images' if groups is None else 'groups'} per class, {remedy} a test split."
        )
    return kept, held_out


def refuse_test_share(options: ReadOptions, name: str) -> None:
    """Raise ConfigError if ``options`` ask for a share of data that have a test split."""
    if options.test_share is not None:
        raise ConfigError(
            f"{name} has a test split of its own, and a share is held out only where there is none. Drop {option('test_share')}."
        )


def held_out_note(held_out: int, total: int) -> str:
    """Return the note on a held-out test split."""
    return f"no test split: held out {held_out:,} of {total:,} images, stratified, seed {TEST_SEED}"


def in_groups(groups: Labels | None) -> str:
    """Return the number of groups as words; nothing without groups."""
    return "" if groups is None else f" in {count_of(len(np.unique(groups)), 'group')}"


def all_as_test_note(total: int) -> str:
    """Return the note on data that are all test images."""
    return (
        f"no test split: all {count_of(total, 'image')} are test images"
        if total > 1
        else "no test split: its image is tested"
    )


def dataset_name(source: PathLike) -> str:
    """Return the name for the dataset in a file or folder: the file name without suffix."""
    path = Path(source)
    resolved = path.resolve()
    return printable(resolved.stem if path.is_file() else resolved.name).strip() or "data"


def _check_size(size: tuple[int, ...], options: ReadOptions, name: str) -> None:
    if options.image_size is not None and options.image_size != size:
        wanted, found = (" × ".join(map(str, pair)) for pair in (options.image_size, size))
        raise ConfigError(
            f"cannot resize {name} to {wanted}: its images are {found}, and only folders of image files can be resized. "
            f"Drop {option('image_size')}."
        )
