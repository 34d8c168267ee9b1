"""Reading a folder of pictures: a sub-folder per class, at the top or under ``train/``, ``test/`` and ``val/``."""

from __future__ import annotations

import itertools
import math
import operator
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DatasetError
from ..formatting import percent
from ..types import Labels
from .composing import dataset_name, held_out_note, hold_out_test
from .dataset import Dataset, Provenance, Split
from .fitting import Fitting
from .folder_decoding import Decoded, decode_all, keep_rows, look_at
from .folder_fitting import choose_fitting, fitting_of_run
from .folder_listing import Listing, list_folder
from .labels import rename
from .pictures import BadPicture, shown
from .reading import ReadListener, ReadOptions, read_class_names

CLASSES = "classes.txt"
MOST_LISTED = 1000
"""Bad pictures in an error; nobody reads on."""
MOST_NAMED = 5
"""Pictures in a note on what was done to them."""
MOST_NOTED = 20
"""Bad pictures in a note, which goes onto the page."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be decoded, in order: the training split, then the test split."""

    paths: list[str]
    labels: Labels
    num_train: int
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


def read_folder(
    root: Path, options: ReadOptions, progress: ReadListener | None = None, fitting: Fitting | None = None
) -> Dataset:
    """The dataset in ``root``. Raises :class:`DatasetError`, after everything was decoded, listing every bad picture; unless the
    options say to leave those out. ``fitting``: of a network that the pictures are for, where there is one already."""
    plan = _plan(root, list_folder(root), options)
    chosen = None if fitting is None else fitting_of_run(fitting, options)
    if chosen is None:
        chosen = choose_fitting(plan.paths, plan.class_names, look_at(plan.paths, progress), options, progress)
    decoded = decode_all(plan.paths, str(root), chosen.fitting, progress, keeps_channels=chosen.keeps_channels)
    notes = [*plan.notes, *chosen.notes]
    if decoded.several:
        notes.append(_several_note(decoded.several))
    bad = list(decoded.bad.values())
    if bad and (not options.skip_bad_images or len(bad) > options.most_bad * len(plan.paths)):
        raise DatasetError(_refusal(root, bad, len(plan.paths), options))
    if bad:
        notes.append(_bad_note(bad))
    train, test = _splits(root, plan, decoded)
    provenance = Provenance(
        source=str(root),
        description=f"Pictures from the folder {dataset_name(root)}",
        content=chosen.content,
        notes=tuple(notes),
        reading=options,
        left_out=tuple((picture.name, picture.reason) for picture in bad),
        digits=chosen.fitting.digits,
    )
    return Dataset(dataset_name(root), train, test, tuple(map(shown, plan.class_names)), provenance)


def _plan(root: Path, listing: Listing, options: ReadOptions) -> Plan:
    wanted = options.class_names
    if wanted is None and (root / CLASSES).is_file():
        wanted = read_class_names(root / CLASSES)
    folders, names = rename(listing.class_names(), wanted, repr(str(root)))
    notes = list(listing.notes)
    filled = [any(classes.get(folder) for classes in listing.splits.values()) for folder in folders]
    if not all(filled):
        notes.append(
            "classes without any picture, left out: " + ", ".join(itertools.compress(names, map(operator.not_, filled)))
        )
        folders, names = tuple(itertools.compress(folders, filled)), tuple(itertools.compress(names, filled))
    if listing.left_alone:
        notes.append(
            "left alone, being no pictures: " + ", ".join(f"{n:,} {what}" for what, n in listing.left_alone.most_common())
        )
    splits = dict(listing.splits)
    if "test" not in splits and "val" in splits:
        splits["test"] = splits.pop("val")
        notes.append("it has no test/, so its val/ is the test split; images to validate on are held out of train/")
    elif "val" in splits:
        notes.append("its val/ was added to train/, out of which images to validate on are held")
    training = [_files(splits[split], folders) for split in ("", "train", "val") if split in splits]
    paths = [path for part in training for path in part[0]]
    labels = np.concatenate([part[1] for part in training])
    if "test" in splits:
        test_paths, test_labels = _files(splits["test"], folders)
        if not test_paths:
            raise DatasetError(
                f"{str(root)!r}: its test split holds no pictures; some of every class were expected. Add them."
            )
        return Plan([*paths, *test_paths], np.concatenate([labels, test_labels]), len(paths), names, tuple(notes))
    kept, held_out = hold_out_test(labels, repr(str(root)))
    order = np.concatenate([kept, held_out])
    notes.append(held_out_note(len(held_out), len(labels)))
    return Plan([paths[index] for index in order], labels[order], len(kept), names, tuple(notes))


def _files(classes: dict[str, list[str]], folders: Sequence[str]) -> tuple[list[str], Labels]:
    """Paths, and the index of each one's folder."""
    paths = [path for folder in folders for path in classes.get(folder, [])]
    counts = [len(classes.get(folder, [])) for folder in folders]
    return paths, np.repeat(np.arange(len(folders)), counts)


def _splits(root: Path, plan: Plan, decoded: Decoded) -> tuple[Split, Split]:
    def part(first: int, last: int) -> Split:
        rows = [index for index in range(first, last) if index not in decoded.bad]
        names = tuple(shown(os.path.relpath(plan.paths[row], root)) for row in rows)
        images, labels, good = decoded.images[first:last], plan.labels[first:last], np.array(rows, dtype=np.int64) - first
        return Split(images if len(good) == len(labels) else keep_rows(images, good), labels[good], names)

    return part(0, plan.num_train), part(plan.num_train, len(plan.paths))


def _several_note(names: Sequence[str]) -> str:
    listed = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    if len(names) == 1:
        return f"1 picture holds several digits, of which the largest was taken: {listed}"
    return f"{len(names):,} pictures hold several digits, of which the largest was taken: {listed}{more}"


def _refusal(root: Path, bad: list[BadPicture], everything: int, options: ReadOptions) -> str:
    lines = [f"  {picture.reason}" for picture in bad[:MOST_LISTED]]
    if len(bad) > MOST_LISTED:
        lines.append(f"  and {len(bad) - MOST_LISTED:,} more")
    expected = "whole pictures were expected. Mend or remove them, or leave them out with --skip-bad-images"
    if options.skip_bad_images:
        share = math.ceil(100 * len(bad) / everything) / 100
        expected = (
            f"at most {percent(options.most_bad, 0)} of them may be left out. Mend or remove them, or leave out that many with "
            f"--most-bad {share:g}"
        )
    return f"{len(bad):,} of {everything:,} pictures in {str(root)!r} cannot be read; {expected}:\n" + "\n".join(lines)


def _bad_note(bad: list[BadPicture]) -> str:
    reasons = [picture.reason.split(";")[0] for picture in bad[:MOST_NOTED]]
    more = f"; and {len(bad) - MOST_NOTED:,} more, all named in the run's run.json" if len(bad) > MOST_NOTED else ""
    return f"left out, since {'it' if len(bad) == 1 else 'they'} cannot be read: {'; '.join(reasons)}{more}"
