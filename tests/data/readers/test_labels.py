from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.readers.labels import index_labels, natural_order, rename
from convscope.errors import ConfigError, ConvscopeError, DatasetError


def indexed(*parts: object, names: object = None) -> tuple[list[list[int]], tuple[str, ...]]:
    labels, class_names = index_labels([np.asarray(part) for part in parts], "it", names)  # type: ignore[arg-type]
    assert all(part.dtype == np.int64 for part in labels)
    return [part.tolist() for part in labels], class_names


def test_numbers_from_0_are_indices_already() -> None:
    assert indexed([2, 0, 1], [0, 2]) == ([[2, 0, 1], [0, 2]], ("0", "1", "2"))


def test_other_numbers_are_numbered_and_give_the_names() -> None:
    assert indexed([10, 1, 9]) == ([[2, 0, 1]], ("1", "9", "10"))
    assert indexed([-1, 1, -1]) == ([[0, 1, 0]], ("-1", "1"))


def test_texts_are_numbered_in_their_natural_order() -> None:
    assert indexed(["dog 10", "dog 9", "cat"]) == ([[2, 1, 0]], ("cat", "dog 9", "dog 10"))
    assert indexed(np.array([b"b", b"a"])) == ([[1, 0]], ("a", "b"))
    assert indexed(["\u00e4", "z"], ["a\u0308"]) == ([[1, 0], [1]], ("z", "\u00e4"))
    assert indexed(["a\u0308", "z"], names=("\u00e4", "z")) == ([[0, 1]], ("\u00e4", "z"))


@pytest.mark.parametrize("labels", [[[0, 1, 0], [1, 0, 0], [0, 0, 1]], [[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]])
def test_one_hot_rows_columns_of_one_and_whole_floats_are_understood(labels: object) -> None:
    assert indexed(labels)[0] == [[1, 0, 2]]
    assert indexed([[1], [0], [2]])[0] == [[1, 0, 2]]
    assert indexed([1.0, 0.0, 2.0])[0] == [[1, 0, 2]]
    assert indexed([True, False]) == ([[1, 0]], ("0", "1"))


def test_names_are_those_of_the_numbers_0_1_2_even_where_some_have_no_image() -> None:
    assert indexed([0, 2], names=("cat", "dog", "cow")) == ([[0, 2]], ("cat", "dog", "cow"))
    assert indexed([1, 2, 3], names=("cat", "dog", "cow")) == ([[0, 1, 2]], ("cat", "dog", "cow"))


def test_names_by_number_never_shift() -> None:
    letters = {1: "A", 2: "B", 3: "C"}
    assert indexed([1, 2], names=letters) == ([[0, 1]], ("A", "B", "C"))
    with pytest.raises(DatasetError, match="label 4.*1 to 3"):
        indexed([1, 4], names=letters)


def test_names_that_are_the_texts_set_their_order() -> None:
    assert indexed(["a", "b"], names=("b", "a", "c")) == ([[1, 0]], ("b", "a", "c"))
    assert indexed(["a", "b"], names=("x", "y")) == ([[0, 1]], ("x", "y"))


@pytest.mark.parametrize("names", [("x", "y", "z"), ("a", "x", "y")])
def test_names_that_do_not_fit_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"3 class names.* it has 2 classes: 'a', 'b'"):
        indexed(["a", "b"], names=names)
    with pytest.raises(ConfigError, match="3 class names.* it has 2 different labels, -5 to 1"):
        indexed([-5, 1], names=names)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([3.5, 1, 2], "3.5 at row 0"),
        ([0.0, np.nan], "nan at row 1"),
        ([0.0, np.inf], "inf at row 1"),
        ([[1, 1], [0, 1]], r"shape \(2, 2\)"),
        ([], "no labels"),
        ([1, 1], "one class, '1'"),
        (np.arange(1001) * 2, "1,001 different labels"),
        (np.array([1j, 2]), "complex128"),
        (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), "datetime64"),
        (np.array([2**64 - 1, 0], np.uint64), "18446744073709551615"),
    ],
)
def test_labels_that_are_none_are_named(labels: object, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        indexed(labels)


def test_numbers_beside_texts_are_refused() -> None:
    with pytest.raises(DatasetError, match="it has numbers.*texts"):
        indexed(["a", "b"], [0, 1])


@given(st.lists(st.one_of(st.text(max_size=4), st.integers(-3, 12).map(str)), min_size=2, max_size=30))
def test_every_label_keeps_its_name(texts: list[str]) -> None:
    array = np.array([unicodedata.normalize("NFC", text) for text in texts], dtype=object).astype("U8")  # as names are kept
    try:
        labels, names = index_labels([array], "it")
    except ConvscopeError:
        assert len(set(array.tolist())) == 1
        return
    assert [names[label] for label in labels[0]] == array.tolist()
    assert list(names) == sorted(names, key=natural_order)
    assert np.array_equal(index_labels([array[::-1]], "it")[0][0], labels[0][::-1])


def test_folders_are_reordered_or_renamed_but_never_both() -> None:
    assert rename(("a", "b"), None, "it") == (("a", "b"), ("a", "b"))
    assert rename(("a", "b"), ("b", "a"), "it") == (("b", "a"), ("b", "a"))
    assert rename(("a", "b"), ("x", "y"), "it") == (("a", "b"), ("x", "y"))
