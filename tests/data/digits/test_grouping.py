from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.digits.box import Box
from convscope.data.digits.connected_components import label_components
from convscope.data.digits.grouping import DigitGroup, Neighbourhoods, group_pieces, in_reading_order


def groups_of(*boxes: tuple[int, int, int, int], cut_off: bool = False) -> list[DigitGroup]:
    """Of filled rectangles: top, left, bottom, right, on 200 × 300."""
    mask = np.zeros((200, 300), bool)
    for top, left, bottom, right in boxes:
        mask[top : bottom + 1, left : right + 1] = True
    return group_pieces(label_components(mask), drop_cut_off=cut_off)


BODY = (50, 100, 99, 130)
CASES = {
    "one piece": ([BODY], 1),
    "the bar of a 5 above it": ([BODY, (38, 115, 44, 140)], 1),
    "two digits side by side": ([BODY, (50, 140, 99, 170)], 2),
    "a thin one next to it": ([BODY, (50, 136, 99, 139)], 2),
    "dirt": ([BODY, (20, 20, 21, 21)], 1),
    "a blot far away": ([BODY, (20, 20, 29, 29)], 1),
    "a dash far away is a digit for all anyone knows": ([BODY, (20, 20, 29, 45)], 2),
    "boxes over each other": ([BODY, (45, 105, 48, 105), (42, 105, 46, 128)], 1),
    "two rows": ([BODY, (110, 100, 159, 130)], 2),
    "a bar between two belongs to the nearer": ([BODY, (50, 160, 99, 190), (60, 135, 64, 142)], 2),
}


@pytest.mark.parametrize("name", CASES)
def test_pieces_that_belong_together_are_one_digit(name: str) -> None:
    boxes, count = CASES[name]
    assert len(groups_of(*boxes)) == count


def test_a_digit_has_the_box_and_the_area_of_its_pieces() -> None:
    group = groups_of(BODY, (38, 115, 44, 140))[0]
    assert group.box == Box(38, 100, 99, 140)
    assert group.area == 50 * 31 + 7 * 26
    assert group.pieces == (0, 1)


def test_what_is_cut_off_is_the_table_unless_there_is_nothing_else() -> None:
    table = (0, 250, 199, 299)
    assert [group.box.left for group in groups_of(BODY, table, cut_off=True)] == [100]
    assert [group.box.left for group in groups_of(BODY, table)] == [250], "next to it, a digit is a small isolated component"
    assert [group.box.left for group in groups_of(table, cut_off=True)] == [250]
    assert groups_of() == []


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.floats(-0.17, 0.17), st.integers(0, 999))
def test_digits_are_read_row_by_row_however_the_sheet_lies(rows: list[int], slope: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    boxes = [
        Box(*(round(each) for each in (top, left, top + 99, left + 59)))
        for row, count in enumerate(rows)
        for left in [130 * column + random.uniform(-10, 10) for column in range(count)]
        for top in [190 * row + slope * (left + 30) + random.uniform(-8, 8)]
    ]
    shuffled = random.permutation(len(boxes))
    order = in_reading_order([boxes[index] for index in shuffled])
    assert [shuffled[index] for index in order] == list(range(len(boxes)))


def test_nothing_is_read_in_no_order() -> None:
    assert in_reading_order([]) == []


@pytest.mark.parametrize("seed", range(30))
def test_grouping_by_neighbourhoods_is_that_of_all_pairs(seed: int) -> None:
    random = np.random.default_rng(seed)
    boxes = {
        number: Box(int(top), int(left), int(top + height), int(left + width))
        for number, (top, left, height, width) in enumerate(random.integers(0, [300, 300, 60, 90], (80, 4)))
    }
    near = Neighbourhoods(boxes, int(random.integers(1, 60)))
    for box in boxes.values():
        for reach in (0, 7, 40):
            close = {
                number
                for number, other in boxes.items()
                if max(box.top, other.top) - min(box.bottom, other.bottom) <= reach
                and max(box.left, other.left) - min(box.right, other.right) <= reach
            }
            assert close <= set(near.around(box, reach))
