"""Reader for folders of image files with one subfolder per class."""

import itertools
import math
import operator
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import DatasetError, option
from ...formatting import count_of, percent, printable, shorten_list
from ...types import Labels
from ..dataset import Dataset, Provenance, Split, check_class_names
from ..file_groups import group_files
from ..images.inputs import BadPicture
from ..preprocessing import ImagePreprocessor
from ..read_options import ReadListener, ReadOptions, find_class_names
from .assemble import (
    all_as_test_note,
    dataset_name,
    held_out_note,
    hold_out_test,
    in_groups,
    refuse_test_share,
    refuse_untrained_classes,
)
from .image_folder_decoding import Decoded, decode_all, keep_rows, read_image_headers
from .image_folder_listing import Listing, list_folder
from .image_folder_preprocessing import choose_preprocessing, preprocessing_of_run
from .image_folder_scale import choose_given_range
from .labels import rename, renamed_note

MAX_LISTED = 1000
"""Unreadable image files in an error."""
MAX_NOTED = 20
"""Unreadable image files in a note, which the page shows."""


@dataclass(frozen=True, eq=False)
class Plan:
    """The image files to decode in order: the training split, then the test split."""

    paths: list[str]
    labels: Labels
    num_train: int
    class_names: tuple[str, ...]
    notes: tuple[str, ...]
    groups: Labels | None = None
    """The group of each file, if the options ask for groups."""
    holds_out: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    """The class of each folder of another name."""


def read_folder(
    root: Path, options: ReadOptions, progress: ReadListener | None = None, preprocessor: ImagePreprocessor | None = None
) -> Dataset:
    """Read a dataset from a folder of image files.

    The ``preprocessor`` of an existing network is used unless ``options`` ask for another one.

    Raises:
        DatasetError: The folder is not laid out as a dataset, or image files are unreadable and not to be skipped. All files
            are decoded first, and the message lists every unreadable one.
        ConfigError: The class names do not fit.
    """
    plan = _plan(root, list_folder(root, all_as_test=options.all_as_test), options)
    parts = [part for part in (plan.paths[: plan.num_train], plan.paths[plan.num_train :]) if part]
    given, form, stretched = choose_given_range(
        [plan.paths] if plan.holds_out else parts, repr(str(root)), options, progress
    )
    chosen = None if preprocessor is None else preprocessing_of_run(preprocessor, options)
    if chosen is None:
        chosen = choose_preprocessing(
            plan.paths, plan.class_names, read_image_headers(plan.paths, progress), options, progress, given
        )
    decoded = decode_all(
        plan.paths, str(root), chosen.preprocessor, progress, keeps_channels=chosen.keeps_channels, given=given
    )
    notes = [*([stretched] if stretched else []), *chosen.notes]
    if decoded.several:
        files = count_of(len(decoded.several), "image file")
        notes.append(f"used the largest digit in {files} with several: {shorten_list(decoded.several)}")
    bad = list(decoded.bad.values())
    if bad and (not options.skip_bad_images or len(bad) > options.most_bad * len(plan.paths)):
        raise DatasetError(_too_many_bad(root, bad, len(plan.paths), options))
    if bad:
        notes.append(_bad_note(bad))
    train, test = _splits(root, plan, decoded)
    notes = [*plan.notes, *_split_note(plan, train, test), *notes]
    refuse_untrained_classes(train.labels, test.labels, plan.class_names, repr(str(root)))
    provenance = Provenance(
        source=str(root),
        description=f"Image files from the folder {dataset_name(root)}",
        content=chosen.content,
        notes=tuple(notes),
        reading=options,
        pixels=form,
        holds_out=plan.holds_out,
        left_out=tuple((each.name, each.reason) for each in bad),
        digits=chosen.preprocessor.digits,
        renamed=plan.renamed,
    )
    return Dataset(dataset_name(root), train, test, tuple(map(printable, plan.class_names)), provenance)


def _plan(root: Path, listing: Listing, options: ReadOptions) -> Plan:
    wanted = find_class_names(root) if options.class_names is None else options.class_names
    folders, names = rename(listing.class_names(), wanted, repr(str(root)))
    check_class_names([*map(printable, names)], repr(str(root)))
    notes = list(listing.notes)
    renamed = {folder: name for folder, name in zip(folders, names, strict=True) if folder != name}
    if renamed and not options.all_as_test:
        notes.append(renamed_note(renamed))
    filled = [any(classes.get(folder) for classes in listing.splits.values()) for folder in folders]
    if not all(filled):
        notes.append(
            "ignored classes without image files: " + ", ".join(itertools.compress(names, map(operator.not_, filled)))
        )
        folders, names = tuple(itertools.compress(folders, filled)), tuple(itertools.compress(names, filled))
    if listing.ignored_files:
        notes.append("ignored other files: " + ", ".join(f"{n:,} {what}" for what, n in listing.ignored_files.most_common()))
    splits = dict(listing.splits)
    if "test" not in splits and "val" in splits:
        splits["test"] = splits.pop("val")
        notes.append("used val/ as the test split, because there is no test/; validation images are held out of train/")
    elif "val" in splits:
        notes.append("added val/ to train/; validation images are held out of both")
    training = [_files(splits[split], folders) for split in ("", "train", "val") if split in splits]
    paths = [path for part in training for path in part[0]]
    labels = np.concatenate([part[1] for part in training])
    if "test" in splits:
        refuse_test_share(options, repr(str(root)))
        test_paths, test_labels = _files(splits["test"], folders)
        if not test_paths:
            raise DatasetError(f"the test split of {str(root)!r} holds no image files. Add some of each class.")
        every = [*paths, *test_paths]
        groups = _groups(root, every, options, notes)
        return Plan(every, np.concatenate([labels, test_labels]), len(paths), names, tuple(notes), groups, renamed=renamed)
    groups = _groups(root, paths, options, notes)
    if options.all_as_test:
        return Plan(paths, labels, 0, names, tuple(notes), groups, renamed=renamed)
    kept, held_out = hold_out_test(labels, repr(str(root)), options.test_share, groups)
    order = np.concatenate([kept, held_out])
    groups = None if groups is None else groups[order]
    ordered = [paths[index] for index in order]
    return Plan(ordered, labels[order], len(kept), names, tuple(notes), groups, holds_out=True, renamed=renamed)


def _split_note(plan: Plan, train: Split, test: Split) -> Iterator[str]:
    """Yield the note on a test split that the folder lacks, which counts the readable image files."""
    if not plan.num_train:
        yield all_as_test_note(len(test))
    elif plan.holds_out:
        note = held_out_note(len(test), len(train) + len(test))
        if train.groups is not None and test.groups is not None:
            inside = len(np.unique(test.groups))
            note += f", whole groups: {inside:,} of {inside + len(np.unique(train.groups)):,}"
        yield note


def _groups(root: Path, paths: list[str], options: ReadOptions, notes: list[str]) -> Labels | None:
    if options.group_by is None:
        return None
    groups = group_files([os.path.relpath(path, root) for path in paths], options.group_by)
    notes.append(
        f"grouped {count_of(len(paths), 'image file')}{in_groups(groups)}: --group-by {shlex.quote(options.group_by)}"
    )
    return groups


def _files(classes: dict[str, list[str]], folders: Sequence[str]) -> tuple[list[str], Labels]:
    """Return paths and the folder index of each."""
    paths = [path for folder in folders for path in classes.get(folder, [])]
    counts = [len(classes.get(folder, [])) for folder in folders]
    return paths, np.repeat(np.arange(len(folders)), counts)


def _splits(root: Path, plan: Plan, decoded: Decoded) -> tuple[Split, Split]:
    def part(first: int, last: int) -> Split:
        rows = [index for index in range(first, last) if index not in decoded.bad]
        names = tuple(printable(os.path.relpath(plan.paths[row], root)) for row in rows)
        images, labels, good = decoded.images[first:last], plan.labels[first:last], np.array(rows, dtype=np.int64) - first
        kept = images if len(good) == len(labels) else keep_rows(images, good)
        return Split(kept, labels[good], names, None if plan.groups is None else plan.groups[first:last][good])

    test = part(plan.num_train, len(plan.paths))
    return part(0, plan.num_train) if plan.num_train else test, test


def _too_many_bad(root: Path, bad: list[BadPicture], total: int, options: ReadOptions) -> str:
    lines = [f"  {each.reason}" for each in bad[:MAX_LISTED]]
    if len(bad) > MAX_LISTED:
        lines.append(f"  and {len(bad) - MAX_LISTED:,} more")
    limit, remedy = "", f"skip them with {option('skip_bad_images', True)}"
    if options.skip_bad_images:
        share = math.ceil(100 * len(bad) / total) / 100
        limit = f", more than the {percent(options.most_bad, 0)} that may be skipped"
        remedy = f"allow so many with {option('most_bad', share)}"
    found = f"cannot read {len(bad):,} of {count_of(total, 'image file')} in {str(root)!r}{limit}"
    return f"{found}. Repair or remove them, or {remedy}:\n" + "\n".join(lines)


def _bad_note(bad: list[BadPicture]) -> str:
    # The first sentence of a reason says what is wrong, the second what to do.
    reasons = [each.reason.rsplit(". ", 1)[0] for each in bad[:MAX_NOTED]]
    more = f"; and {len(bad) - MAX_NOTED:,} more, all listed in run.json" if len(bad) > MAX_NOTED else ""
    return f"skipped {count_of(len(bad), 'unreadable image file')}: {'; '.join(reasons)}{more}"
