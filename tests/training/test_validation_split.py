"""Too few images to validate on: the number, and the share of test images, that are advised are enough."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.read_options import ReadOptions
from convscope.data.readers.assemble import hold_out_test
from convscope.errors import DatasetError
from convscope.training.recipes import standard
from convscope.training.validation_split import validation_split


def made(classes: int, each: int, share: float | None, *, holds_out: bool = True) -> Dataset:
    labels = np.repeat(np.arange(classes), each)
    whole = Split(np.zeros((len(labels), 4, 4, 1), np.uint8), labels)
    kept, held_out = hold_out_test(labels, "made", share) if holds_out else (np.arange(len(labels)),) * 2
    provenance = Provenance("here", "made", reading=ReadOptions(test_share=share), holds_out=holds_out)
    names = tuple(f"c{number}" for number in range(classes))
    return Dataset("made", whole.take(kept), whole.take(held_out), names, provenance)


@pytest.mark.parametrize(
    ("classes", "each", "share", "holds_out", "advice"),
    [
        (4, 2, None, True, "Provide at least 3 images per class"),
        (2, 2, None, True, "Provide at least 5 images per class"),
        (2, 3, None, False, "Provide at least 4 images per class"),
        (4, 4, 0.8, True, "Lower test_share to 0.5, or provide at least 9 images per class"),
        (2, 6, 0.6, True, "Lower test_share to 0.4, or provide at least 9 images per class"),
        (2, 3, 0.6, True, "Provide at least 9 images per class"),
    ],
)
def test_too_few_images_to_validate_on_are_met_with_a_number_that_is_enough(
    classes: int, each: int, share: float | None, holds_out: bool, advice: str
) -> None:
    with pytest.raises(DatasetError, match=rf"too few to hold any out for validation\. {advice}\.$"):
        validation_split(made(classes, each, share, holds_out=holds_out), standard(), seed=0)
    number = int(re.findall(r"least (\d+)", advice)[0])
    assert len(validation_split(made(classes, number, share, holds_out=holds_out), standard(), seed=0)[1])
    for lower in re.findall(r"to (0\.\d+),", advice):
        assert len(validation_split(made(classes, each, float(lower)), standard(), seed=0)[1])


def test_a_share_too_small_for_any_advice_asks_for_many_more() -> None:
    with pytest.raises(DatasetError, match=r"Provide many more images per class\.$"):
        validation_split(made(2, 3, None), replace(standard(), validation_fraction=1e-5), seed=0)
