from __future__ import annotations

import numpy as np
import pytest

from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.reload import match_classes
from convscope.errors import ConfigError


def made(*names: str) -> Dataset:
    labels = np.arange(2 * len(names)) % len(names)
    split = Split(np.zeros((len(labels), 4, 4, 1), np.uint8), labels)
    return Dataset("made", split, split, names, Provenance("here", "made"))


def named(dataset: Dataset) -> list[str]:
    return [dataset.class_names[label] for label in dataset.test.labels]


def test_classes_are_found_by_their_names() -> None:
    aligned = match_classes(made("dog", "cat"), ["cat", "cow", "dog"])
    assert named(aligned) == ["dog", "cat", "dog", "cat"]
    assert aligned.class_names == ("cat", "cow", "dog")


def test_classes_that_are_only_numbered_are_found_by_their_numbers() -> None:
    assert named(match_classes(made("0", "1"), ["cat", "cow", "dog"])) == ["cat", "cow"] * 2
    assert named(match_classes(made("cat", "dog"), ["0", "1", "2"])) == ["0", "1"] * 2


@pytest.mark.parametrize("names", [("cat", "horse"), ("0", "1", "2", "3")])
def test_a_class_that_the_run_does_not_know_is_named(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"'(horse|0)'.* 3: cat, cow, dog\."):
        match_classes(made(*names), ["cat", "cow", "dog"])
