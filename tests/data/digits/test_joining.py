from __future__ import annotations

from math import log

import pytest

from convscope.data.digits.box import Box
from convscope.data.digits.grouping import DigitGroup
from convscope.data.digits.joining import join_parts


def groups(*boxes: tuple[int, int, int, int]) -> list[DigitGroup]:
    """Of (top, left, bottom, right)."""
    return [DigitGroup((piece,), Box(*box), 100) for piece, box in enumerate(boxes)]


HOOK, STEM, BAR = (0, 0, 59, 49), (0, 55, 99, 60), (0, 30, 10, 60)


@pytest.mark.parametrize(
    ("boxes", "together", "apart", "expected"),
    [
        ((HOOK, STEM), (4, 0.9), (1, 0.9), 1),  # an open 4
        ((HOOK, STEM), (4, 0.4), (1, 0.9), 2),  # unlikely together
        ((HOOK, STEM), (1, 0.9), (1, 0.9), 2),  # no other class than a part's
        ((BAR, (20, 0, 99, 60)), (5, 0.9), (5, 0.9), 1),  # the bar of a 5, read as 5 without it
        ((HOOK, (0, 80, 99, 85)), (4, 0.9), (1, 0.9), 2),  # too far
        ((HOOK, (0, 55, 99, 110)), (4, 0.9), (1, 0.9), 2),  # too wide
    ],
)
def test_parts_are_joined_if_near_and_better_read_together(
    boxes: tuple[tuple[int, int, int, int], ...], together: tuple[int, float], apart: tuple[int, float], expected: int
) -> None:
    def read(group: DigitGroup) -> tuple[int, float]:
        label, probability = together if len(group.pieces) > 1 else apart
        return label, log(probability)

    joined = join_parts(groups(*boxes), read)
    assert len(joined) == expected
    assert sorted(piece for group in joined for piece in group.pieces) == [0, 1]


def test_the_evidence_a_part_needs_grows_with_the_gap() -> None:
    def joins(gap: int) -> bool:
        near = groups((0, 0, 99, 19), (0, 20 + gap, 99, 39 + gap))
        return (
            len(join_parts(near, lambda group: (len(group.pieces), log(0.9) if len(group.pieces) == 1 else log(0.7)))) == 1
        )

    # log 0.7 − 2 log 0.9 + 0.5 = 0.354 = 3 · 11.8 / 100
    assert [joins(gap) for gap in (0, 11, 12, 25)] == [True, True, False, False]


def test_three_parts_are_joined_step_by_step() -> None:
    parts = groups((0, 0, 59, 19), (0, 22, 99, 30), (0, 33, 99, 50), (0, 90, 99, 99))
    joined = join_parts(parts, lambda group: (len(group.pieces), -0.1))
    assert [group.pieces for group in joined] == [(0, 1, 2), (3,)]
