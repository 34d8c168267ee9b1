"""Stratified splits, of single images or of whole groups."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError
from ..types import Labels


def stratified_split(labels: Labels, fraction: float, *, seed: int, groups: Labels | None = None) -> tuple[Labels, Labels]:
    """Split labels (n,) by class into ascending indices of kept and of held-out images.

    Each class keeps at least one image. The counts per class are rounded by largest remainder, so that the total is exact to
    one image; with ``groups`` (n,), which are never divided, they are as near as the groups allow. The result depends on nothing
    but the arguments.
    """
    # scikit-learn's splitter refuses classes with a single image and takes a second to import.
    if not 0 < fraction < 1:
        raise DatasetError(f"fraction must be above 0 and below 1; got {fraction}.")
    if groups is not None:
        held_out = _hold_out_groups(labels, groups, fraction, seed)
        return np.flatnonzero(~held_out), np.flatnonzero(held_out)
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * fraction
    quota = np.floor(exact).astype(np.int64)
    missing = round(float(exact.sum())) - int(quota.sum())
    quota[np.argsort(quota - exact, kind="stable")[:missing]] += 1
    quota = np.minimum(quota, counts - 1)
    generator = np.random.Generator(np.random.PCG64(seed))
    held_out = np.zeros(len(labels), dtype=bool)
    for label, number in zip(classes, quota, strict=True):
        members = np.flatnonzero(labels == label)
        held_out[generator.permutation(members)[:number]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def assign_groups(labels: Labels, groups: Labels, shares: Sequence[float], *, seed: int) -> Labels:
    """Return the part (n,) that the group of each image is assigned to, so that each part has its share of every class.

    The largest group comes first, and each goes to the part that is furthest from its share.
    """
    _, class_of = np.unique(labels, return_inverse=True)
    _, group_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    counts = np.zeros((len(sizes), class_of.max() + 1))
    np.add.at(counts, (group_of, class_of), 1)
    weights, parts = counts / counts.sum(axis=0), np.asarray(shares)
    filled = np.zeros((len(parts), counts.shape[1]))
    part_of = np.empty(len(sizes), np.int64)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(sizes))
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        weight = weights[group]
        # The growth of the sum of squares, each relative to the share of its part.
        part_of[group] = chosen = ((2 * filled + weight) @ weight / parts).argmin()
        filled[chosen] += weight
    return np.asarray(part_of[group_of])


def assign_folds(labels: Labels, folds: int, *, seed: int, groups: Labels | None = None) -> Labels:
    """Return the fold of each image, (n,), balanced within each class and overall; the images of a group are in one fold."""
    if groups is not None:
        return assign_groups(labels, groups, [1 / folds] * folds, seed=seed)
    generator = np.random.Generator(np.random.PCG64([seed, folds]))
    fold_of = np.empty(len(labels), np.int64)
    assigned = 0
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        fold_of[members] = (assigned + np.arange(len(members))) % folds
        assigned += len(members)
    return fold_of


def _hold_out_groups(labels: Labels, groups: Labels, fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    held_out = assign_groups(labels, groups, (1 - fraction, fraction), seed=seed) == 1
    for label in np.setdiff1d(labels, labels[~held_out]):  # each class keeps its smallest group
        held_out &= groups != _smallest(groups[labels == label])
    if not held_out.any():
        alone = [np.unique(groups[labels == label]) for label in np.unique(labels)]
        spare = ~np.isin(groups, [each[0] for each in alone if len(each) == 1])
        if spare.any():
            held_out = groups == _smallest(groups[spare])
    return np.asarray(held_out)


def _smallest(groups: Labels) -> np.int64:
    names, sizes = np.unique(groups, return_counts=True)
    return np.int64(names[sizes.argmin()])


def stratified_sample(labels: Labels, number: int, *, at_least: int = 1, seed: int) -> Labels:
    """Return ascending indices (min(number, len(labels)),) int64 of a stratified sample.

    It has ``at_least`` images per class, as far as the class and ``number`` allow. Equal arguments give equal samples.
    """
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    _, starts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    rank = np.arange(len(labels)) - np.repeat(starts, counts)
    share = (rank + 0.5) / np.repeat(counts, counts)
    urgency = np.where(rank < at_least, rank - float(at_least), share)
    return np.sort(by_class[np.argsort(urgency, kind="stable")[: max(number, 0)]])
