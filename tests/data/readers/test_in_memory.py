"""Arrays in memory are read as the same arrays in an ``.npz`` file are."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.data.dataset import IN_MEMORY, Dataset
from convscope.data.load import load_dataset
from convscope.data.read_options import ReadOptions
from convscope.errors import ConfigError, ConvscopeError, DatasetError, PictureError

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 256, (60, 8, 8), dtype=np.uint8)
X[:, 0, 0], X[:, 0, 1] = 0, 255
Y = np.arange(60) % 3
NAMES = np.array(["ant", "bee", "cat"])[Y]
TEST = slice(40, 60)


class NumbersOnly:
    """A dataset as PyTorch defines it: no end but its length, and tensors that are arrays when asked."""

    classes = ("ant", "bee", "cat")

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return Image.fromarray(X[index % 60]), int(Y[index % 60])


class Stream:
    """A dataset as TensorFlow defines it, in batches of seven."""

    class_names = ("ant", "bee", "cat")

    def __init__(self, number: int = 9) -> None:
        self.number = number

    def cardinality(self) -> int:
        return self.number

    def as_numpy_iterator(self) -> Iterator[tuple[Any, Any]]:
        for start in range(0, 60, 7):
            yield X[start : start + 7, ..., None].astype(np.float32) / 255, np.eye(3)[Y[start : start + 7]]


def reference(path: Path, **arrays: Any) -> Dataset:
    np.savez(path, **arrays)
    return load_dataset(path)


SAME: dict[str, tuple[Any, dict[str, Any]]] = {
    "a pair": ((X, Y), {"x": X, "y": Y}),
    "a pair in a list": ([X, Y], {"x": X, "y": Y}),
    "names of classes as labels": ((X, NAMES), {"x": X, "y": NAMES}),
    "names as Python objects, as pandas keeps them": ((X, NAMES.astype(object)), {"x": X, "y": NAMES}),
    "names in bytes as Python objects": ((X, np.array([*NAMES.astype("S")], object)), {"x": X, "y": NAMES}),
    "numbers as Python objects": ((X, Y.astype(object)), {"x": X, "y": Y}),
    "one-hot labels as Python objects": ((X, np.eye(3)[Y].astype(object)), {"x": X, "y": Y}),
    "lists of numbers": ((X.tolist(), Y.tolist()), {"x": X, "y": Y}),
    "one-hot labels": ((X, np.eye(3)[Y]), {"x": X, "y": Y}),
    "fractions": ((X / np.float32(255), Y), {"x": X, "y": Y}),
    "fractions from -1 to 1": ((X / 127.5 - 1, Y), {"x": X, "y": Y}),
    "rows": ((X.reshape(60, 64), Y), {"x": X, "y": Y}),
    "colour, channels first": ((np.stack([X] * 3, 1), Y), {"x": np.stack([X] * 3, -1), "y": Y}),
    "what keras.datasets returns": (((X[:40], Y[:40]), (X[TEST], Y[TEST])),
                                    {"x_train": X[:40], "y_train": Y[:40], "x_test": X[TEST], "y_test": Y[TEST]}),
    "three pairs": (((X[:20], Y[:20]), (X[20:40], Y[20:40]), (X[TEST], Y[TEST])),
                    {"x_train": X[:20], "y_train": Y[:20], "x_val": X[20:40], "y_val": Y[20:40], "x_test": X[TEST],
                     "y_test": Y[TEST]}),
    "a mapping": ({"x": X, "y": Y}, {"x": X, "y": Y}),
    "a mapping with names": ({"x": X, "y": Y, "class_names": ["ant", "bee", "cat"]},
                             {"x": X, "y": Y, "class_names": np.array(["ant", "bee", "cat"])}),
    "a mapping with splits": ({"x_train": X[:40], "y_train": Y[:40], "x_test": X[TEST], "y_test": Y[TEST]},
                              {"x_train": X[:40], "y_train": Y[:40], "x_test": X[TEST], "y_test": Y[TEST]}),
    "a dataset of PyTorch": (NumbersOnly(), {"x": X, "y": Y, "class_names": np.array(["ant", "bee", "cat"])}),
    "a dataset of TensorFlow": (Stream(), {"x": X, "y": Y, "class_names": np.array(["ant", "bee", "cat"])}),
    "two datasets of TensorFlow": ((Stream(), Stream()), {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y,
                                                          "class_names": np.array(["ant", "bee", "cat"])}),
    "pairs of a colour image and a one-hot label": ([(np.stack([image] * 3, -1), np.eye(3)[label]) for image, label in
                                                      zip(X, Y, strict=True)], {"x": np.stack([X] * 3, -1), "y": Y}),
    "a list of pairs": ([(image, int(label)) for image, label in zip(X, Y, strict=True)], {"x": X, "y": Y}),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_is_the_dataset_that_the_same_arrays_are_in_a_file(kind: str, tmp_path: Path) -> None:
    given, arrays = SAME[kind]
    found, expected = load_dataset(given), reference(tmp_path / "same.npz", **arrays)
    assert found.fingerprint == expected.fingerprint
    assert found.class_names == expected.class_names
    assert (found.name, found.provenance.source) == ("arrays", IN_MEMORY)


def test_what_an_npz_file_holds_is_a_mapping(tmp_path: Path) -> None:
    expected = reference(tmp_path / "same.npz", x=X, y=Y)
    with np.load(tmp_path / "same.npz") as file:
        assert load_dataset(file).fingerprint == expected.fingerprint


BAD: dict[str, Any] = {
    "labels for other images": (X, Y[:-1]),
    "no data": 3,
    "None": None,
    "an array alone": X,
    "a mapping without labels": {"x": X},
    "an empty list": [],
    "a generator": ((x, y) for x, y in zip(X, Y, strict=True)),
    "a stream without end": Stream(-1),
    "Python objects": (np.array([object()] * 60), Y),
    "images of two sizes": [(X[0], 0), (X[1, :5], 1)],
    "parts of three": [(X[0], 0), (X[1], 1, 2)],
    "masked images": (np.ma.masked_array(X, mask=X > 100), Y),
    "masked labels": (X, np.ma.masked_array(Y, mask=Y == 0)),
    "masked images in a mapping": {"x": np.ma.masked_array(X, mask=X > 100), "y": Y},
    "one class": (X, np.zeros(60)),
    "labels in one row": (X, Y[None]),
    "labels of unequal lengths": (X, [[0], [0, 1]] * 30),
    "labels of unequal lengths in a split": ((X, Y), (X, [[0], [0, 1]] * 30)),
    "a missing name": (X, ["a", "b", float("nan")] * 20),
    "names and numbers": (X, ["a", "b", 1] * 20),
    "names and nothing": (X, ["a", "b", None] * 20),
    "names and numbers in pairs": [(image, "a" if index else 1) for index, image in enumerate(X)],
    "images of two scales": [(image / 255 if index % 2 else image, index % 3) for index, image in enumerate(X)],
    "a class instead of a dataset": NumbersOnly,
    "two pairs in a mapping": {"x": X, "y": Y, "x_train": X[:40], "y_train": Y[:40]},
    "a view of memory": memoryview(X),
    "pairs without lengths": ((None, Y), (3, Y)),
    "a picture alone": (Image.fromarray(X[0]), Y),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_dataset_is_one_sentence(kind: str) -> None:
    with pytest.raises(DatasetError) as raised:
        load_dataset(BAD[kind])
    assert "\n" not in str(raised.value)


SEEN = {"1": "L", "L": "L", "P": "RGB", "PA": "RGBA", "LA": "RGBA", "CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB", "RGB": "RGB",
        "RGBA": "RGBA"}  # fmt: skip
"""The colours that pictures of a mode show."""


@pytest.mark.parametrize("mode", SEEN)
def test_pictures_of_pillow_are_their_colours_whatever_their_numbers_mean(mode: str) -> None:
    colours = [Image.fromarray(each) for each in np.stack([X, X // 2, 255 - X], -1)]
    pictures = [(each.convert("P") if mode == "PA" else each).convert(mode) for each in colours]
    expected = load_dataset((np.stack([np.asarray(each.convert(SEEN[mode])) for each in pictures]), Y))
    for given in ((pictures, Y), list(zip(pictures, Y.tolist(), strict=True))):
        assert load_dataset(given).fingerprint == expected.fingerprint


@pytest.mark.parametrize("mode", ["LAB", "La"])
def test_pictures_of_pillow_without_such_colours_are_refused_in_a_sentence(mode: str) -> None:
    with pytest.raises(PictureError, match=f"^a picture of mode {mode} "):
        load_dataset(([Image.new(mode, (8, 8))] * 60, Y))


def test_a_label_that_is_none_is_named_with_its_item() -> None:
    with pytest.raises(DatasetError, match="got None in item 7. Correct it, or leave that image out"):
        load_dataset([(image, None if row == 7 else 1) for row, image in enumerate(X)])


@pytest.mark.parametrize("row", [0, 17])
@pytest.mark.parametrize("kind", ["list", "array"])
@pytest.mark.parametrize("names", [["a", "b"], [0, 1]], ids=["texts", "numbers"])
@pytest.mark.parametrize(
    "value", [None, float("nan"), np.datetime64("NaT"), b"a", object(), "2", 2], ids=lambda value: type(value).__name__
)
def test_a_label_of_another_kind_is_named_with_its_row(row: int, kind: str, names: list[Any], value: Any) -> None:
    labels = names * 30
    labels[row] = value
    given = labels if kind == "list" else np.array(labels, object)
    if type(value) is type(names[0]):
        assert value in map(type(value), load_dataset((X, given)).class_names)
        return
    with pytest.raises(DatasetError, match=rf"labels .*; got {re.escape(reprlib.repr(value))} at row {row}\. Correct it"):
        load_dataset((X, given))


@pytest.mark.parametrize(
    "images", [None, 3, 1.5, np.array(3), np.array(None), Image.fromarray(X[0]), b"ab", "ab", {1}, X[:2]]
)
def test_from_arrays_takes_what_is_given_for_images(images: Any) -> None:
    for arrays in ((images, Y), (X, Y, X if images is None else images, Y[:3])):
        with pytest.raises(DatasetError, match="image|single number"):
            convscope.Dataset.from_arrays(*arrays)


@pytest.mark.parametrize("name", [None, 3, "", " ", "a/b", "../up", "a\\b", "a\0", "a\nb", "\x1b[31m"])
def test_a_name_that_no_folder_can_have_is_refused(name: Any) -> None:
    with pytest.raises(ConfigError, match="name must be a (word|text)"):
        convscope.Dataset.from_arrays(X, Y, name=name)


@pytest.mark.parametrize("names", [3, {"ant", "bee", "cat"}, {0: "ant", 1: "bee", 2: "cat"}, frozenset("abc"), object()])
def test_class_names_have_an_order(names: Any) -> None:
    with pytest.raises(ConfigError, match="class names must be in order"):
        convscope.Dataset.from_arrays(X, Y, class_names=names)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("x y x_train y_train", "x and y besides x_train and y_train"),
        ("x y x_test y_test", "x and y besides x_test and y_test"),
        ("x_train y_train x_test", "x_test without y_test"),
        ("x_train y_train y_test", "y_test without x_test"),
        ("x y x_val", "x_val without y_val"),
    ],
)
def test_arrays_that_would_be_left_out_are_refused(names: str, message: str, tmp_path: Path) -> None:
    arrays = {name: X if name.startswith("x") else Y for name in names.split()}
    with pytest.raises(DatasetError, match=message):
        load_dataset(arrays)
    if names.endswith(("x_test", "x_val")):  # a file may be that of a competition, unless labels may be in it
        found = reference(tmp_path / "own.npz", **arrays)
        assert found.provenance.notes[0] == f"ignored {message.split()[0]}, which has no labels"
        assert found.fingerprint == reference(tmp_path / "alone.npz", x=X, y=Y).fingerprint
        arrays["answers"] = Y
    with pytest.raises(DatasetError, match=message):
        reference(tmp_path / "own.npz", **arrays)


def test_from_arrays_names_the_dataset_and_its_classes() -> None:
    found = convscope.Dataset.from_arrays(X, Y, X[TEST], Y[TEST], class_names=["ant", "bee", "cat"], name="insects")
    assert (found.name, found.class_names, len(found.test)) == ("insects", ("ant", "bee", "cat"), 20)
    same = load_dataset(((X, Y), (X[TEST], Y[TEST])), ReadOptions(class_names=("ant", "bee", "cat")))
    assert (found.fingerprint, found.provenance) == (same.fingerprint, same.provenance)
    with pytest.raises(DatasetError, match="x_test without y_test"):
        convscope.Dataset.from_arrays(X, Y, X[TEST])


def test_a_run_of_arrays_with_class_names_is_found_again_by_the_arrays(tmp_path: Path) -> None:
    named = convscope.Dataset.from_arrays(X, Y, class_names=["ant", "bee", "cat"])
    run = convscope.train(named, model="logistic", epochs=1, report=False, out=tmp_path / "run", progress=None)
    assert convscope.load_run(run.folder, data=(X, Y)).dataset.class_names == ("ant", "bee", "cat")


def test_a_run_of_arrays_says_so_and_is_examined_while_they_are_given(tmp_path: Path, no_figures: None) -> None:
    run = convscope.train((X, Y), model="logistic", epochs=1, report=False, out=tmp_path / "run")
    with pytest.raises(DatasetError, match="arrays in memory"):
        convscope.load_run(run.folder).dataset  # noqa: B018 - it reads
    assert convscope.load_run(run.folder, data=(X, Y)).dataset.fingerprint == run.dataset.fingerprint
    with pytest.raises(ConvscopeError, match="other images or labels"):
        convscope.load_run(run.folder, data=(X[::-1], Y))
    np.savez(tmp_path / "saved.npz", x=X, y=Y)
    assert convscope.load_run(run.folder, data=tmp_path / "saved.npz").dataset.class_names == ("0", "1", "2")
    assert convscope.evaluate(run, (X, Y)).accuracy == convscope.evaluate(run).accuracy
    page = convscope.report(run).read_text("utf-8")
    assert "convscope train &#39;arrays" not in page
    assert json.loads((run.folder / "run.json").read_text())["dataset"]["source"] == IN_MEMORY


@pytest.mark.slow
def test_reads_the_datasets_of_tensorflow_and_keras(tmp_path: Path) -> None:
    keras, tensorflow = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    expected = reference(tmp_path / "same.npz", x=X, y=Y).fingerprint
    stream = tensorflow.data.Dataset.from_tensor_slices((X, Y))
    assert load_dataset(stream).fingerprint == load_dataset(stream.batch(7)).fingerprint == expected
    assert load_dataset((keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(Y))).fingerprint == expected
    with pytest.raises(DatasetError, match="without end"):
        load_dataset(stream.repeat())
    for index, (image, name) in enumerate(zip(X, NAMES, strict=True)):
        (tmp_path / "files" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "files" / name / f"{index:03}.png")
    folder = keras.utils.image_dataset_from_directory(
        tmp_path / "files", image_size=(8, 8), color_mode="grayscale", verbose=False
    )
    assert load_dataset(folder).class_names == ("ant", "bee", "cat")
