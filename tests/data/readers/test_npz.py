from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convscope.data.read_options import ReadOptions
from convscope.data.readers.npz import read_npz
from convscope.errors import ConvscopeError, DatasetError
from convscope.system import arrays as array_files
from convscope.system import memory


def arrays(n: int = 20) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (n, 12, 12), dtype=np.uint8),
        "y_train": np.arange(n, dtype=np.uint8) % 3,
        "x_test": generator.integers(0, 256, (6, 12, 12), dtype=np.uint8),
        "y_test": np.arange(6, dtype=np.uint8) % 3,
    }


def with_header(shape: str, content: bytes = b"", dtype: str = "|u1") -> bytes:
    """A .npy file whose header says whatever one likes."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def archive(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def test_an_archive_in_keras_layout_becomes_a_dataset(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **arrays())
    dataset = read_npz(tmp_path / "own.npz")
    assert dataset.name == "own"
    assert dataset.image_shape == (12, 12, 1)
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.provenance.notes == ()
    assert np.array_equal(dataset.train.images[..., 0], arrays()["x_train"])


@pytest.mark.parametrize("keys", [("x", "y"), ("x_train", "y_train")])
def test_without_a_test_split_a_fifth_is_held_out_with_a_note(keys: tuple[str, str], tmp_path: Path) -> None:
    images, labels = arrays(50)["x_train"], arrays(50)["y_train"]
    np.savez(tmp_path / "own.npz", **dict(zip(keys, (images / 255, labels), strict=True)))
    dataset = read_npz(tmp_path / "own.npz")
    assert (len(dataset.train), len(dataset.test)) == (40, 10)
    assert dataset.test.class_counts(3).min() >= 3
    assert dataset.provenance.notes == (
        "scaled values from 0–1 to 0–255",
        "no test split: held out 10 of 50 images, stratified, seed 0",
    )
    everything = np.concatenate([dataset.train.images, dataset.test.images])[..., 0]
    assert sorted(everything.tolist()) == sorted(images.tolist())


@pytest.mark.parametrize("names", ["{axis}_{split}", "{axis}_{split}.upper", "{what}"])
def test_validation_arrays_join_the_training_arrays(names: str, tmp_path: Path) -> None:
    """In Keras' names, in capitals, and in those of MedMNIST, whose labels are a column."""
    own = {"train": arrays(50), "val": arrays(9), "test": arrays(12)}
    named = {}
    for split, found in own.items():
        for axis, what in (("x", f"{split}_images"), ("y", f"{split}_labels")):
            name = names.removesuffix(".upper").format(axis=axis, split=split, what=what)
            values = found[f"{axis}_train"]
            values = values[:, None] if axis == "y" and "{what}" in names else values
            named[name.upper() if names.endswith("upper") else name] = values
    np.savez(tmp_path / "own.npz", **named)
    dataset = read_npz(tmp_path / "own.npz")
    assert (len(dataset.train), len(dataset.test)) == (59, 12)
    assert np.array_equal(dataset.train.images[50:, ..., 0], own["val"]["x_train"])
    assert dataset.train.name_of(50) == "x_val row 0"
    assert dataset.provenance.notes[0].startswith("added the validation images to the training split")
    keys = [key for key in named if "test" not in key.lower()]
    np.savez(tmp_path / "own.npz", **{key: named[key] for key in keys})
    assert len(read_npz(tmp_path / "own.npz").test) == 9
    np.savez(tmp_path / "own.npz", **{**named, next(key for key in keys if "val" in key.lower()): np.zeros((9, 3, 3, 3))})
    with pytest.raises(DatasetError, match=r"validation images \(3, 3, 3\)"):
        read_npz(tmp_path / "own.npz")


def test_images_held_out_of_a_mapped_file_stay_out_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "own.npz", x=arrays(50)["x_train"], y=arrays(50)["y_train"])
    plain = read_npz(tmp_path / "own.npz")
    monkeypatch.setattr(array_files, "LARGE", 1000)
    monkeypatch.setattr(memory, "free_memory", lambda: 3000)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    dataset = read_npz(tmp_path / "own.npz")
    assert isinstance(dataset.train.images, np.memmap)
    assert dataset.fingerprint == plain.fingerprint


def test_names_of_classes_may_lie_beside_the_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **arrays(), class_names=np.array(["cat", "dog", "owl"]))
    assert read_npz(tmp_path / "own.npz").class_names == ("cat", "dog", "owl")


def test_labels_may_be_texts(tmp_path: Path) -> None:
    texts = {key: np.array(["b", "a", "c"])[value] if key[0] == "y" else value for key, value in arrays().items()}
    np.savez(tmp_path / "own.npz", **texts)
    dataset = read_npz(tmp_path / "own.npz")
    assert dataset.class_names == ("a", "b", "c")
    assert dataset.train.labels[:3].tolist() == [1, 0, 2]


def test_labels_that_are_all_different_are_ids(tmp_path: Path) -> None:
    own = {**arrays(80), "y_train": np.arange(80) + 5000}
    np.savez(tmp_path / "own.npz", x=own["x_train"], y=own["y_train"])
    with pytest.raises(DatasetError, match="each of the 80 training images .* the labels are ids"):
        read_npz(tmp_path / "own.npz")
    assert read_npz(tmp_path / "own.npz", ReadOptions(all_as_test=True)).num_classes == 80


def test_missing_arrays_are_named_with_what_is_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", Pictures=np.zeros((3, 4), np.float32), Y=np.zeros(3))
    with pytest.raises(
        DatasetError, match=r"x_train, y_train, x_test and y_test .*found Pictures \(3, 4\) float32, Y \(3,\) float64"
    ):
        read_npz(tmp_path / "own.npz")


@pytest.mark.parametrize("keep", [0, 1, 100, 3000])
def test_a_cut_off_archive_is_one_sentence(keep: int, tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **arrays())
    whole = (tmp_path / "own.npz").read_bytes()
    (tmp_path / "own.npz").write_bytes(whole[:keep])
    with pytest.raises(DatasetError, match="own.npz.* as .npz"):
        read_npz(tmp_path / "own.npz")


@pytest.mark.parametrize("compressed", [False, True])
def test_a_flipped_bit_in_the_pixels_is_noticed(compressed: bool, tmp_path: Path) -> None:
    (np.savez_compressed if compressed else np.savez)(tmp_path / "own.npz", **arrays())
    content = bytearray((tmp_path / "own.npz").read_bytes())
    content[1000] ^= 1
    (tmp_path / "own.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="CRC|decompressing|cannot read"):
        read_npz(tmp_path / "own.npz")


def test_pickled_objects_are_not_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return (Path.touch, (tmp_path / "ran",))

    np.savez(tmp_path / "own.npz", **{**arrays(), "x_train": np.array([Bomb()], dtype=object)})
    with pytest.raises(DatasetError, match=r"x_train .*pickled.* numbers or texts: numpy.array\(x_train.tolist\(\)\)"):
        read_npz(tmp_path / "own.npz")
    (tmp_path / "own.npz").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DatasetError, match="own.npz.* as .npz"):
        read_npz(tmp_path / "own.npz")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "shape", ["(1125899906842624,)", "(18446744073709551616,)", "(-1, 4, 4)", "(0, 4, 4)", "(2, 4, 5)", "(3, 4, 4)"]
)
def test_lies_in_headers_are_refused_before_memory_is_spent(shape: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "own.npz", [("x.npy", with_header(shape, bytes(48))), ("y.npy", npy(np.arange(3) % 2))])
    if shape == "(3, 4, 4)":
        assert read_npz(path).image_shape == (4, 4, 1)
        return
    with pytest.raises(DatasetError, match=r"declares|shape"):
        read_npz(path)


def test_an_honest_archive_larger_than_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "own.npz", x=np.zeros((4000, 28, 28), np.uint8), y=np.arange(4000) % 2)
    monkeypatch.setattr(memory, "free_memory", lambda: 10**6)
    with pytest.raises(DatasetError, match=r"3\.2 MB.* 1\.0 MB"):
        read_npz(tmp_path / "own.npz")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_array_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    images = npy(np.zeros((4, 4, 4), np.uint8))
    path = archive(tmp_path / "own.npz", [("x.npy", images), ("x.npy", images), ("y.npy", npy(np.arange(4) % 2))])
    with pytest.raises(DatasetError, match="holds 'x' twice"):
        read_npz(path)


def test_more_images_than_labels_are_counted(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **{**arrays(), "y_train": arrays()["y_train"][:-1]})
    with pytest.raises(DatasetError, match="20 images but 19 labels"):
        read_npz(tmp_path / "own.npz")


@settings(max_examples=40, deadline=None)
@given(
    images=hnp.arrays(
        np.uint8, st.tuples(st.integers(4, 12), st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3]))
    ),
    seed=st.integers(0, 9),
    compressed=st.booleans(),
)
def test_what_was_saved_comes_back(
    images: np.ndarray, seed: int, compressed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    images[0, 0, 0, 0] = 255  # not all black and white, which would be understood as bits
    labels = np.random.default_rng(seed).permutation(np.arange(len(images)) % 3)
    path = tmp_path_factory.mktemp("npz") / "own.npz"
    save = np.savez_compressed if compressed else np.savez
    save(path, x_train=images, y_train=labels, x_test=images[::-1], y_test=labels[::-1])
    dataset = read_npz(path)
    assert np.array_equal(dataset.train.images, images)
    assert np.array_equal(dataset.train.labels, labels)
    assert np.array_equal(dataset.test.images, images[::-1])


WHOLE = io.BytesIO()
np.savez(WHOLE, **{key: value[:6] for key, value in arrays().items()})


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mutated_bytes_give_a_dataset_or_one_sentence(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = bytearray(WHOLE.getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("npz") / "own.npz"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    complaint = ""
    try:
        read_npz(path)
    except ConvscopeError as error:
        complaint = str(error)
    assert "\n" not in complaint
