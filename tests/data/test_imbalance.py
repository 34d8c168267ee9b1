from __future__ import annotations

import numpy as np
import pytest

from convscope.data.checks import describe_imbalance, is_imbalanced


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([75, 25], True),
        ([74, 26], False),
        ([9, 1], False),
        ([10, 1], True),
        ([30, 0, 30], False),
        ([10, 4, 9], False),
        ([], False),
    ],
)
def test_classes_are_imbalanced_from_three_to_one_and_ten_images_on(counts: list[int], expected: bool) -> None:
    assert is_imbalanced(np.array(counts, int)) is expected
    assert bool(describe_imbalance(np.array(counts, int), ["a", "b", "c"])) is expected


def test_the_largest_and_the_smallest_class_that_occur_are_named() -> None:
    assert describe_imbalance(np.array([20, 0, 1000, 500]), ["a", "b", "c", "d"]) == (
        "classes are imbalanced: 1,000 training images of 'c', 20 of 'a'"
    )
