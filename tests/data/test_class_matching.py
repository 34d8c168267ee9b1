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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("w,Leaf\n", "^line 1 of the class map .* which is none of the run's \\(did you mean 'leaf'\\?\\)"),
        ("w,leaf\n\nx,aple\n", "^line 3 of the class map .* gives 'x' .*'aple'.* mean 'apple'"),
        ("w,leaf\nX,apple\n", "^line 2 of the class map .* names 'X', which is no class of made .* mean 'x'"),
        ("w,leaf\nx,9\n", "^line 2 of the class map .* none of the run's: 'apple', 'leaf'"),
        ("\n\nw\n", "^line 3 of the class map .* holds 'w'"),
    ],
)
def test_a_fault_in_a_class_map_is_named_with_its_line_and_the_nearest_class(
    content: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "map.csv").write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=words):
        match_classes(made("w", "x"), ("apple", "leaf"), read_class_map(tmp_path / "map.csv"))


@pytest.mark.parametrize(("names", "example"), [(("w", "x"), "w,apple"), (("apple", "Leav"), "Leav,leaf")])
def test_classes_of_other_names_lead_to_the_class_map(names: tuple[str, ...], example: str) -> None:
    with pytest.raises(ConfigError, match=rf"with map_classes=FILE, .* such as {example}\.$") as caught:
        match_classes(made(*names), ("apple", "leaf"))
    assert str(caught.value).count(f"'{names[1]}'") == (1 if names[0] == "w" else 2)  # listed again only among others


def test_a_class_map_names_classes_in_any_form_of_their_letters(tmp_path: Path) -> None:
    name, other = (unicodedata.normalize(form, "Äpfel") for form in ("NFC", "NFD"))
    (tmp_path / "map.csv").write_text(f"{other},{other}\nb,\n", "utf-8")
    assert match_classes(made(name, "b"), (name, "c"), read_class_map(tmp_path / "map.csv"))[1].matched == {name: name}


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
