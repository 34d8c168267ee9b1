"""The names that people give to the folders of splits: ``train``, ``Training``, ``test_set``, ``seg_train`` beside ``seg_test``."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNLABELLED = "unlabelled"
"""Pictures without classes beside the splits, as competitions have them."""
SPLITS = {
    "train": "train", "training": "train", "trn": "train",
    "test": "test", "testing": "test", "tst": "test", "holdout": "test",
    "pred": UNLABELLED, "predict": UNLABELLED, "prediction": UNLABELLED, "unlabelled": UNLABELLED, "unlabeled": UNLABELLED,
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "eval": "val", "evaluation": "val",
}  # fmt: skip
"""Words for splits, in small letters."""
FILLERS = frozenset({"set", "data", "dataset", "split", "images", "image", "imgs", "pictures", "photos", "samples"})
"""Words beside them that say nothing."""
SHORT_SPLITS = {f"{word}{filler}": split for word, split in SPLITS.items() for filler in ("set", "data")}


def find_splits(names: Iterable[str]) -> dict[str, str]:
    """By name, which of ``"train"``, ``"test"``, ``"val"`` or :data:`UNLABELLED` folders are: those whose names say only that, and
    those whose names differ from one another in that word alone, as ``seg_train`` and ``seg_test`` do."""
    parsed = {name: _parsed(name) for name in names}
    found = {name: split for name, (split, rest) in parsed.items() if split and not rest}
    for rest in {rest for split, rest in parsed.values() if split and rest}:
        alike = {name: split for name, (split, others) in parsed.items() if split and others == rest}
        if "train" in alike.values() and len(set(alike.values())) > 1:
            found |= alike
    return found


def _parsed(name: str) -> tuple[str, tuple[str, ...]]:
    """The split that one word of the name stands for, if one does, and the other words."""
    words = [word for word in re.split(r"[\W_]+", name.lower()) if word]
    known = [SPLITS.get(word) or SHORT_SPLITS.get(word) for word in words]
    splits = [split for split in known if split]
    if len(splits) != 1:
        return "", ()
    rest = tuple(word for word, split in zip(words, known, strict=True) if not split and word not in FILLERS)
    return splits[0], rest
