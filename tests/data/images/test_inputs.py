from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope.data.images.files import EXAMPLE, EXAMPLE_FILE
from convscope.data.images.inputs import BadPicture, NamedBytes, each_image, open_image, to_grey_levels
from convscope.errors import PictureError
from convscope.formatting import printable

from ...scripts import load_script  # type: ignore[import-not-found]

DRAW = load_script(Path(__file__).parents[3] / "docs" / "example_image.py").draw
GREY = np.random.default_rng(7).integers(0, 256, (6, 9)).astype(np.uint8)
COLOUR = np.random.default_rng(8).integers(0, 256, (6, 9, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    "array",
    [
        GREY,
        GREY[..., None],
        np.asfortranarray(GREY),
        (GREY / 255).astype(np.float32),
        (GREY / 255).astype(np.float64)[..., None],
        GREY[::-1][::-1],
    ],
)
def test_arrays_of_one_image_are_the_same_image(array: Any) -> None:
    assert np.array_equal(open_image(array, "it").pixels, GREY[..., None])


def test_colour_opacity_and_truth_are_understood() -> None:
    assert np.array_equal(open_image(COLOUR, "it").pixels, COLOUR)
    opaque = np.concatenate([COLOUR, np.full((6, 9, 1), 255, np.uint8)], axis=2)
    assert np.array_equal(open_image(opaque, "it").pixels, COLOUR)
    nothing = np.zeros((6, 9, 4), np.uint8)
    assert (open_image(nothing, "it").pixels == 255).all()
    assert np.array_equal(open_image(GREY > 100, "it").pixels[..., 0], 255 * (GREY > 100))


def test_whatever_calls_itself_an_array_is_one() -> None:
    class Tensor:
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
            return GREY

    assert np.array_equal(open_image(Tensor(), "it").pixels[..., 0], GREY)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros(5, np.uint8), "got (5,)"),
        (np.zeros((5, 5, 2), np.uint8), "with 1, 3 or 4 channels"),
        (np.zeros((0, 5), np.uint8), "got (0, 5, 1)"),
        (np.zeros((2, 3, 4, 5, 6)), "got (2, 3, 4, 5, 6)"),
        (np.zeros((5, 5), np.int32), "got dtype int32"),
        (np.zeros((5, 5), object), "got dtype object"),
        (np.zeros((5, 5), complex), "got dtype complex128"),
        (np.full((5, 5), 200.0), "got 200 to 200"),
        (np.full((5, 5), -0.5), "got -0.5"),
        (np.full((5, 5), np.nan), "not finite. Replace them"),
        (np.full((5, 5), np.inf), "not finite. Replace them"),
        (np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (10**5, 10**5), (0, 0)), "100,000 × 100,000 pixels"),
        ([[1, 2], [3, 4]], "got list"),
        (7, "got int"),
        (None, "got NoneType"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_inputs_than_images_are_refused(image: Any, words: str) -> None:
    with pytest.raises(PictureError) as caught:
        open_image(image, "it")
    assert str(caught.value).startswith("it ")
    assert words in str(caught.value)


def test_floats_come_back_exactly() -> None:
    levels = np.arange(256, dtype=np.uint8)
    for kind in (np.float16, np.float32, np.float64):
        assert np.array_equal(to_grey_levels((levels / 255).astype(kind), "it"), levels)


def test_names_bytes_images_and_arrays_in_one_list_keep_their_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        Image.fromarray(GREY).save(tmp_path / name)
    content = (tmp_path / "a.png").read_bytes()
    inputs = [
        tmp_path / "b.png",
        GREY,
        str(tmp_path),
        content,
        Image.fromarray(GREY),
        f"{tmp_path}/*.gif",
        NamedBytes("in", content),
    ]
    found = list(each_image(inputs))
    names = [entry.name for entry in found]
    assert names == [f"{tmp_path}/b.png", "picture 1", f"{tmp_path}/a.png", f"{tmp_path}/b.png", "picture 3", "picture 4",
                     f"{tmp_path}/*.gif", "in"]  # fmt: skip
    assert isinstance(found[6], BadPicture)
    assert all(np.array_equal(each.open().pixels[..., 0], GREY) for each in found if isinstance(each, NamedBytes))


@pytest.mark.parametrize("alone", [GREY, Image.fromarray(GREY), b"content", "a.png", Path("a.png"), 7])
def test_one_image_needs_no_list(alone: Any) -> None:
    assert len(list(each_image(alone))) == 1


def test_names_are_shown_without_what_a_terminal_would_obey() -> None:
    assert printable("füñ 数 👩\u200d🔬.png") == "füñ 数 👩\u200d🔬.png"
    assert printable("a\x1b[31m\n\u202eb\udcff") == r"a\u001b[31m\n\u202eb\udcff"


def test_the_example_is_what_its_script_draws() -> None:
    assert np.array_equal(np.asarray(Image.open(EXAMPLE_FILE)), np.asarray(DRAW()))


def test_the_example_is_in_every_folder_that_has_none_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = each_image(EXAMPLE)
    assert isinstance(found, NamedBytes)
    assert (found.name, found.open().pixels.shape) == (EXAMPLE, (144, 144, 1))
    (tmp_path / EXAMPLE).mkdir()
    Image.fromarray(GREY).save(tmp_path / EXAMPLE / "own.png")
    (own,) = each_image([EXAMPLE])
    assert isinstance(own, NamedBytes)
    assert np.array_equal(own.open().pixels, GREY[..., None])
