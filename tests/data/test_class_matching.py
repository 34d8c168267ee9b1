from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from convscope.data.class_matching import match_classes, read_class_map
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.errors import ConfigError

DIGITS = tuple("0123456789")


def made(*names: str) -> Dataset:
    labels = np.arange(2 * len(names)) % len(names)
    split = Split(
        np.zeros((len(labels), 4, 4, 1), np.uint8), labels, tuple(f"{number}.png" for number in range(len(labels)))
    )
    return Dataset("made", split, split, names, Provenance("here", "made"))


def named(dataset: Dataset) -> list[str]:
    return [dataset.class_names[label] for label in dataset.test.labels]


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (("dog", "cat"), ("cat", "cow", "dog")),
        (("2", "5", "7"), DIGITS),
        (DIGITS[::-1], DIGITS),
        (("10", "9", "1"), tuple(map(str, range(1, 11)))),
        ((unicodedata.normalize("NFD", "Äpfel"), "Birnen"), ("Birnen", unicodedata.normalize("NFC", "Äpfel"))),
    ],
)
def test_classes_take_the_class_of_the_same_name_wherever_it_stands(names: tuple[str, ...], known: tuple[str, ...]) -> None:
    aligned, match = match_classes(made(*names), known)
    assert [unicodedata.normalize("NFC", name) for name in named(aligned)] == [
        unicodedata.normalize("NFC", n) for n in names
    ] * 2
    assert aligned.class_names == known
    assert set(match.absent) == set(known) - set(named(aligned))


def test_the_same_number_written_in_another_way_is_the_same_class() -> None:
    assert named(match_classes(made("03", "1.0", "+2"), DIGITS)[0]) == ["3", "1", "2"] * 2


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (("cat", "horse"), ("cat", "cow", "dog")),
        (("0", "1"), ("cat", "cow", "dog")),
        (("cat", "dog"), ("0", "1", "2")),
        (tuple(map(str, range(1, 11))), DIGITS),
        (("1", "2", "3", "4", "5", "10"), DIGITS),
        (("-1", "1"), DIGITS),
        (("1.5", "2"), DIGITS),
    ],
)
def test_a_class_that_is_none_of_the_runs_is_refused_with_both_lists(names: tuple[str, ...], known: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        match_classes(made(*names), known)
    assert ", ".join(map(repr, names)) in str(caught.value)
    assert ", ".join(map(repr, known)) in str(caught.value)


def test_a_map_overrules_names_and_leaves_out_what_it_gives_no_class() -> None:
    aligned, match = match_classes(made("10", "1", "x"), DIGITS, {"10": "0", "x": ""})
    assert named(aligned) == ["0", "1"] * 2
    assert aligned.test.names == ("0.png", "1.png", "3.png", "4.png")
    assert match.left_out == ("x",)


@pytest.mark.parametrize("wrong", [{"11": "0"}, {"1": "eleven"}, {"1": "", "2": ""}])
def test_a_map_with_an_unknown_class_or_without_any_image_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="class map"):
        match_classes(made("1", "2"), DIGITS, wrong)


@pytest.mark.parametrize("content", ["1\n", "1,2,3\n", ",2\n", "1,2\n1,3\n", '"1,2\n', b"\xff\xfe1,2\n"])
def test_a_class_map_that_is_not_pairs_is_refused(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / "map.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match="class map"):
        read_class_map(tmp_path / "map.csv")


def test_a_class_map_may_quote_names_with_commas(tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text('\ufeff"a, b",c\n\nd,\n', "utf-8")
    assert read_class_map(tmp_path / "map.csv") == {"a, b": "c", "d": ""}
