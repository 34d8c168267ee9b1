from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from convscope.data.digits.connected_components import label_components

MASKS = hnp.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@pytest.mark.slow
@given(MASKS)
def test_pieces_are_scipys(mask: npt.NDArray[np.bool_]) -> None:
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    found = label_components(mask)
    assert len(found) == count
    assert found.areas == tuple(np.bincount(labels.ravel(), minlength=count + 1)[1:].tolist())
    for piece, (rows, columns) in enumerate(ndimage.find_objects(labels)):
        box = found.boxes[piece]
        assert (box.top, box.bottom, box.left, box.right) == (rows.start, rows.stop - 1, columns.start, columns.stop - 1)
        assert np.array_equal(found.mask_of({piece}), labels == piece + 1)
    assert np.array_equal(found.mask_of(set(range(count))), mask)


def test_a_spiral_is_one_piece_and_a_chessboard_too() -> None:
    spiral = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]], bool)
    assert len(label_components(spiral)) == 1
    assert len(label_components(np.indices((6, 6)).sum(axis=0) % 2 == 0)) == 1
    assert len(label_components(np.zeros((3, 3), bool))) == 0
