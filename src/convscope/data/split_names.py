"""Recognition of split folders, such as ``Training``, ``test_set`` or ``seg_train``."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNLABELLED = "unlabelled"
"""A folder of unlabelled images, as in competitions."""
SPLITS = {
    "train": "train", "training": "train", "trn": "train",
    "test": "test", "testing": "test", "tst": "test", "holdout": "test",
    "pred": UNLABELLED, "predict": UNLABELLED, "prediction": UNLABELLED, "unlabelled": UNLABELLED, "unlabeled": UNLABELLED,
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "eval": "val", "evaluation": "val",
}  # fmt: skip
"""Splits by the words that name them, in lower case."""
FILLERS = frozenset({"set", "data", "dataset", "split", "images", "image", "imgs", "pictures", "photos", "samples"})
"""Words in folder names without meaning for the split."""
SHORT_SPLITS = {f"{word}{filler}": split for word, split in SPLITS.items() for filler in ("set", "data")}


def find_splits(names: Iterable[str]) -> dict[str, str]:
    """Return the split of each folder that is one.

    Splits are ``"train"``, ``"test"``, ``"val"`` and :data:`UNLABELLED`.

    A folder is a split if its name says nothing else, or if it differs from another one in the split's word alone, as
    ``seg_train`` and ``seg_test`` do.
    """
    parsed = {name: _parsed(name) for name in names}
    found = {name: split for name, (split, rest) in parsed.items() if split and not rest}
    for rest in {rest for split, rest in parsed.values() if split and rest}:
        alike = {name: split for name, (split, others) in parsed.items() if split and others == rest}
        if "train" in alike.values() and len(set(alike.values())) > 1:
            found |= alike
    return found


def _parsed(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the split that one word of the name means, or ``""``, and the other words."""
    words = [word for word in re.split(r"[\W_]+", name.lower()) if word]
    known = [SPLITS.get(word) or SHORT_SPLITS.get(word) for word in words]
    splits = [split for split in known if split]
    if len(splits) != 1:
        return "", ()
    rest = tuple(word for word, split in zip(words, known, strict=True) if not split and word not in FILLERS)
    return splits[0], rest
