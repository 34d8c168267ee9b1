from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from convscope.data.upright import orientation, turn_upright


@pytest.mark.parametrize("held", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_turning_is_pillows(held: int, order: str) -> None:
    pixels = np.random.default_rng(held).integers(0, 256, (3, 5, 3)).astype(np.uint8)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif.endian = order
    exif[0x0112] = held
    block = exif.tobytes()
    image.info["exif"] = block
    assert orientation(block) == held
    assert np.array_equal(turn_upright(pixels, held), np.asarray(ImageOps.exif_transpose(image)))


@given(st.binary(max_size=200), st.sampled_from([b"", b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_a_block_of_nonsense_means_upright_or_one_of_the_eight(block: bytes, start: bytes) -> None:
    assert 1 <= orientation(start + block) <= 8


def test_a_block_that_claims_to_be_endless_takes_no_time() -> None:
    assert orientation(b"II*\0\x08\0\0\0\xff\xff" + bytes(10 * 2**20)) == 1
