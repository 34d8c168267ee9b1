"""Names of folders that mean a split, such as ``train``, ``seg_test``, ``Validation-Data`` and ``val2017``."""

import re
from collections.abc import Iterable

UNLABELLED = "unlabelled"
"""A folder of unlabelled images, as in competitions."""
SPLITS = {
    "train": "train", "training": "train", "trn": "train", "trainval": "train",
    "test": "test", "testing": "test", "tst": "test", "holdout": "test",
    "pred": UNLABELLED, "predict": UNLABELLED, "prediction": UNLABELLED, "unlabelled": UNLABELLED, "unlabeled": UNLABELLED,
    "fold": "fold", "folds": "fold",
    "val": "val", "valid": "val", "validation": "val", "dev": "val", "eval": "val", "evaluation": "val",
}  # fmt: skip
"""Splits by the words that name them, in lower case."""
FILLERS = frozenset(
    {"set", "sets", "data", "dataset", "split", "splits", "images", "image", "imgs", "img", "pictures", "photos", "samples"}
)
"""Words in folder names without meaning for split or class."""
BESIDE_IMAGES = FILLERS | {"masks", "mask", "labels", "annotations", "segmentations", "targets", "groundtruth", "gt"}
"""Words that name the parts of a dataset for detection or segmentation, and so no classes."""
JOINED = {joined: split for word, split in SPLITS.items() for other in FILLERS for joined in (word + other, other + word)}
MIN_FUSED = 3
"""Letters; a shorter word is found in too many others."""
_BORDERS = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def find_splits(names: Iterable[str], filled: Iterable[str] = ()) -> dict[str, str]:
    """Return the split of each folder that is one.

    Splits are ``"train"``, ``"test"``, ``"val"``, ``"fold"`` and :data:`UNLABELLED`. A folder is a split if its name says nothing
    else, if it differs from another one in the split's word alone, as ``seg_train`` and ``seg_test`` do, or if the names of all
    ``filled`` folders mean splits, whatever else they say.
    """
    parsed = {name: _parsed(name) for name in names}
    found = {name: split for name, (split, rest) in parsed.items() if split and not rest}
    for meanings in (parsed, {name: _fused(name) for name in parsed}):
        for rest in {rest for split, rest in meanings.values() if split and rest}:
            alike = {name: split for name, (split, others) in meanings.items() if split and others == rest}
            if "train" in alike.values() and len(set(alike.values())) > 1:
                found |= alike
    others = {name: found.get(name) or parsed[name][0] for name in filled}
    return {**others, **found} if all(others.values()) else found


def says_nothing(name: str) -> bool:
    """Return whether a folder's name is neither that of a split nor of a class, as ``images`` and ``data``."""
    return bool(words := _words(name)) and all(word in FILLERS for word in words)


def is_beside_images(name: str) -> bool:
    """Return whether a folder's name is that of a part of another kind of dataset, as ``images`` and ``masks``."""
    return bool(words := _words(name)) and all(word in BESIDE_IMAGES for word in words)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _BORDERS.split(name) if word]


def _parsed(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the split that the name means, or ``""``, and the other words."""
    words = _words(name)
    known = [SPLITS.get(word) or JOINED.get(word) for word in words]
    splits = {split for split in known if split}
    rest = tuple(word for word, split in zip(words, known, strict=True) if not split and word not in FILLERS)
    if len(splits) == 1 or splits == {"train", "val"}:
        return max(splits & {"train"}, default=next(iter(splits))), rest
    return "", ()


def _fused(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the split of a name that begins or ends with one, as ``mytrain``, and the rest."""
    lower = name.lower()
    for word, split in SPLITS.items():
        if len(word) > MIN_FUSED and lower != word and (lower.startswith(word) or lower.endswith(word)):
            return split, (lower.removeprefix(word) if lower.startswith(word) else lower.removesuffix(word),)
    return "", ()
