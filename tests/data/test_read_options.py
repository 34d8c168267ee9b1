from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.read_options import PREPARATIONS, Preparation, ReadOptions, parse_class_names, parse_image_size
from convscope.errors import ConfigError

SIZES = st.none() | st.tuples(st.integers(4, 2048), st.integers(4, 2048))
NAMES = st.none() | st.lists(st.text(min_size=1), min_size=2, max_size=6, unique=True).map(tuple)


@given(SIZES, NAMES, st.booleans(), st.sampled_from(PREPARATIONS))
def test_options_come_back_from_the_runs_record(
    size: tuple[int, int] | None, names: tuple[str, ...] | None, skip: bool, prepare: Preparation
) -> None:
    options = ReadOptions(size, names, skip, prepare, 0.3)
    assert ReadOptions.from_dict(options.as_dict()) == options


def test_a_run_of_before_only_resized_its_images() -> None:
    assert ReadOptions.from_dict({}) == ReadOptions(prepare="fit", most_bad=1.0)
    assert ReadOptions().as_arguments() == []
    assert ReadOptions(prepare="digits").as_arguments() == ["--prepare", "digits"]
    with pytest.raises(ConfigError, match="auto, digits, fit; got 'crop'"):
        ReadOptions(prepare="crop")  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), "half", True])
def test_the_share_of_bad_image_files_is_one(share: object) -> None:
    with pytest.raises(ConfigError, match=f"most_bad .*0 to 1; got {re.escape(repr(share))}"):
        ReadOptions(most_bad=share)  # type: ignore[arg-type]
    assert ReadOptions(skip_bad_images=True, most_bad=0.5).as_arguments() == ["--skip-bad-images", "--most-bad", "0.5"]


def test_one_number_is_a_square_and_a_list_is_as_good_as_a_tuple() -> None:
    assert ReadOptions(image_size=32).image_size == (32, 32)  # type: ignore[arg-type]
    assert ReadOptions(class_names=["a", "b"]).class_names == ("a", "b")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "size"), [("64", (64, 64)), ("48x64", (48, 64)), (" 48 X 64 ", (48, 64)), ("48×64", (48, 64)), ("4,9", (4, 9))]
)
def test_sizes_are_height_and_width(text: str, size: tuple[int, int]) -> None:
    assert parse_image_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "64x", "-3", "1.5", "3", "64x4096", "64x64x3", "９９", "99999999"])
def test_impossible_sizes_are_met_with_what_was_expected(text: str) -> None:
    with pytest.raises(ConfigError, match="image.size must be"):
        parse_image_size(text)


def test_names_come_from_the_line_or_from_a_file(tmp_path: Path) -> None:
    assert parse_class_names("cat, dog") == ("cat", "dog")
    (tmp_path / "names.txt").write_text("\ufeffT-shirt, top\n\n  Trouser \r\n", "utf-8")
    assert parse_class_names(str(tmp_path / "names.txt")) == ("T-shirt, top", "Trouser")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat", "'cat'.*cat,dog"),
        ("cat,cat", "'cat' twice"),
        ("cat,,dog", "empty one"),
        (",", "twice|empty"),
        (",".join(map(str, range(1001))), "got 1,001"),
    ],
)
def test_impossible_names_are_met_with_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_class_names(text)


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(b"caf\xe9\nbar\n")
    with pytest.raises(ConfigError, match=r"names\.txt.*UTF-8"):
        parse_class_names(str(tmp_path / "names.txt"))


def test_options_become_the_same_command_line_arguments() -> None:
    options = ReadOptions((48, 64), ("cat", "dog"), skip_bad_images=True)
    assert options.as_arguments() == ["--image-size", "48x64", "--class-names", "cat,dog", "--skip-bad-images"]
    assert ReadOptions(class_names=("a,b", "c")).as_arguments() == []
