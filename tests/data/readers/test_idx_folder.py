from __future__ import annotations

import gzip
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convscope.data.digits.mnist_style import DigitPreprocessing
from convscope.data.known.registry import FASHION
from convscope.data.preprocessing import preprocessing_spec, preprocessor_for
from convscope.data.read_options import ReadOptions
from convscope.data.readers.idx_folder import find_sets, read_idx_path
from convscope.errors import ConvscopeError, DatasetError
from convscope.formatting import composed
from convscope.system import arrays

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (30, 5, 6), dtype=np.uint8)
LABELS = (np.arange(30) % 3).astype(np.uint8)
OPTIONS = ReadOptions()


def write(path: Path, array: np.ndarray) -> None:
    content = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_set(
    folder: Path, pattern: str, test: str | None = "t10k", *, images: np.ndarray = IMAGES, labels: np.ndarray = LABELS
) -> None:
    """``pattern`` has places for the split, for images or labels, and for the number of dimensions."""
    for split, part in (("train", slice(0, 24)), (test, slice(24, 30))):
        if split:
            write(folder / pattern.format(split, "images", 3), images[part])
            write(folder / pattern.format(split, "labels", 1), labels[part])


@pytest.mark.parametrize(
    ("pattern", "test"),
    [
        ("{}-{}-idx{}-ubyte", "t10k"),
        ("{}-{}-idx{}-ubyte.gz", "t10k"),
        ("{}-{}.idx{}-ubyte", "t10k"),
        ("my_set-{}-{}-idx{}-ubyte.gz", "test"),
        ("raw/{}-{}-idx{}-ubyte", "t10k"),
        ("gzip/qmnist-{}-{}-idx{}-ubyte.gz", "test"),
        ("MNIST/raw/{}-{}-idx{}-ubyte", "t10k"),
        ("archive/archive/{}-{}-idx{}-ubyte", "t10k"),
    ],
)
def test_the_names_that_people_have_are_understood(pattern: str, test: str, tmp_path: Path) -> None:
    write_set(tmp_path, pattern, test)
    for place in {tmp_path, (tmp_path / pattern).parent}:
        (place / "._train-images-idx3-ubyte").write_bytes(b"\0\5\26\7")  # as macOS leaves on other disks
        (place / ".DS_Store").write_bytes(b"")
    (tmp_path / "MNIST" / "README.md" if "MNIST" in pattern else tmp_path / ".README.md.swp").write_bytes(b"")
    dataset = read_idx_path(tmp_path, OPTIONS)
    assert np.array_equal(dataset.train.images[..., 0], IMAGES[:24])
    assert np.array_equal(dataset.test.images[..., 0], IMAGES[24:])
    assert np.array_equal(dataset.test.labels, LABELS[24:])
    assert dataset.class_names == ("0", "1", "2")


def test_emnist_is_set_upright_and_named_by_its_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(tmp_path, "emnist-letters-{}-{}-idx{}-ubyte", "test", labels=LABELS + 1)
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n2 66 98\n3 67 99\n4 68 100\n")
    dataset = read_idx_path(tmp_path, OPTIONS)
    assert np.array_equal(dataset.train.images[..., 0], IMAGES[:24].transpose(0, 2, 1))
    assert dataset.class_names == ("Aa", "Bb", "Cc", "Dd")
    assert np.array_equal(dataset.train.labels, LABELS[:24])
    assert any("transposed" in note for note in dataset.provenance.notes)
    monkeypatch.setattr(arrays, "LARGE", 100)
    assert isinstance(read_idx_path(tmp_path, OPTIONS).train.images, np.memmap)
    assert read_idx_path(tmp_path, OPTIONS).fingerprint == dataset.fingerprint


def test_images_of_letters_are_prepared_as_emnist_did_it(tmp_path: Path) -> None:
    """By the middle of their box, which fills what it fills in the set's own images."""
    signs = np.zeros((30, 28, 28), np.uint8)
    for number, (image, height) in enumerate(zip(signs, np.arange(30) % 6 + 15, strict=True)):
        image[14 - height // 2 : 14 - height // 2 + height, 2:26] = 255 - number
    write_set(tmp_path, "emnist-letters-{}-{}-idx{}-ubyte", "test", images=signs.transpose(0, 2, 1))
    dataset = read_idx_path(tmp_path, OPTIONS)
    assert dataset.provenance.digits == DigitPreprocessing(28, 28, centre=False, digit_size_fraction=24 / 28)
    preprocessor = preprocessor_for({"image_shape": [28, 28, 1], **preprocessing_spec(dataset)}, dataset.train.images)
    letter = np.full((90, 90, 1), 255, np.uint8)
    letter[20:70, 40:50] = letter[60:70, 40:70] = 0  # an L, whose mass lies low
    rows, columns = (np.flatnonzero(preprocessor.preprocess(letter).pixels[..., 0].any(axis=axis)) for axis in (1, 0))
    assert (rows[0], rows[-1]) == (2, 25)
    assert abs((columns[0] + columns[-1]) - 27) <= 1


def test_names_come_from_classes_txt_unless_others_are_given(tmp_path: Path) -> None:
    write_set(tmp_path, "{}-{}-idx{}-ubyte")
    (tmp_path / "classes.txt").write_text("cat\ndog\nowl\n")
    assert read_idx_path(tmp_path, OPTIONS).class_names == ("cat", "dog", "owl")
    assert read_idx_path(tmp_path, ReadOptions(class_names=("a", "b", "c"))).class_names == ("a", "b", "c")


def test_a_plain_file_goes_before_the_packed_one_beside_it(tmp_path: Path) -> None:
    write_set(tmp_path, "{}-{}-idx{}-ubyte")
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"damaged")
    assert len(read_idx_path(tmp_path, OPTIONS).train) == 24


def test_without_a_test_split_a_fifth_is_held_out(tmp_path: Path) -> None:
    write_set(tmp_path, "{}-{}-idx{}-ubyte", None)
    dataset = read_idx_path(tmp_path, OPTIONS)
    assert (len(dataset.train), len(dataset.test)) == (19, 5)
    assert "held out 5 of 24 images" in dataset.provenance.notes[-1]


def test_of_several_sets_one_is_named_by_any_of_its_files(tmp_path: Path) -> None:
    write_set(tmp_path, "emnist-letters-{}-{}-idx{}-ubyte.gz", "test")
    write_set(tmp_path, "emnist-digits-{}-{}-idx{}-ubyte.gz", "test")
    assert [found.name for found in find_sets(tmp_path)] == ["emnist-digits", "emnist-letters"]
    with pytest.raises(DatasetError, match=r"2 datasets \(emnist-digits, emnist-letters\)"):
        read_idx_path(tmp_path, OPTIONS)
    assert read_idx_path(tmp_path / "emnist-letters-test-labels-idx1-ubyte.gz", OPTIONS).name == "emnist-letters"


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("train-labels-idx1-ubyte", "no train labels"),
        ("t10k-images-idx3-ubyte", "no test images"),
        ("train-images-idx3-ubyte", "no train images"),
    ],
)
def test_a_missing_file_is_named(missing: str, words: str, tmp_path: Path) -> None:
    write_set(tmp_path, "{}-{}-idx{}-ubyte")
    (tmp_path / missing).unlink()
    with pytest.raises(DatasetError, match=words):
        read_idx_path(tmp_path, OPTIONS)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("train-labels-idx1-ubyte", LABELS[:23], "24 images but 23 labels"),
        ("train-images-idx3-ubyte", LABELS, "labels.*swapped"),
        ("t10k-images-idx3-ubyte", IMAGES[24:, :, :5], r"\(5, 6, 1\) .*\(5, 5, 1\)"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(name: str, array: np.ndarray, words: str, tmp_path: Path) -> None:
    write_set(tmp_path, "{}-{}-idx{}-ubyte")
    write(tmp_path / name, array)
    with pytest.raises(ConvscopeError, match=words):
        read_idx_path(tmp_path, OPTIONS)


@pytest.mark.parametrize("content", [b"1 65\n1 two", b"1\n\xff", b"1 99999999999"])
def test_a_damaged_mapping_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    write_set(tmp_path, "emnist-x-{}-{}-idx{}-ubyte", "test")
    (tmp_path / "emnist-x-mapping.txt").write_bytes(content)
    with pytest.raises(DatasetError, match="mapping"):
        read_idx_path(tmp_path, OPTIONS)


def test_an_idx_file_of_an_unknown_name_says_which_names_are_known(tmp_path: Path) -> None:
    write(tmp_path / "mine.idx", IMAGES)
    with pytest.raises(DatasetError, match="train-images-idx3-ubyte"):
        read_idx_path(tmp_path / "mine.idx", OPTIONS)


@pytest.mark.slow
@pytest.mark.skipif(not Path(FASHION.debian).is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_mnist_as_debian_has_it() -> None:
    dataset = read_idx_path(Path(FASHION.debian), OPTIONS)
    assert dataset.train.images.shape == (60_000, 28, 28, 1)
    assert dataset.test.class_counts(10).tolist() == [1000] * 10
    assert dataset.train.labels[:4].tolist() == [9, 0, 0, 3]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(6, 12), st.integers(4, 9), st.integers(4, 9))),
    st.integers(1, 4),
    st.sampled_from(["", ".gz"]),
    st.booleans(),
)
def test_what_lies_in_the_files_is_what_the_dataset_holds(
    images: np.ndarray, num_test: int, suffix: str, has_test: bool
) -> None:
    labels = (np.arange(len(images)) % 2).astype(np.uint8)
    cut = len(images) - num_test if has_test else len(images)
    with tempfile.TemporaryDirectory() as folder:
        for split, part in (("train", slice(0, cut)), ("t10k", slice(cut, None))):
            if split == "train" or has_test:
                write(Path(folder) / f"{split}-images-idx3-ubyte{suffix}", images[part])
                write(Path(folder) / f"{split}-labels-idx1-ubyte{suffix}", labels[part])
        dataset = read_idx_path(Path(folder), OPTIONS)
    found = np.concatenate([dataset.train.images, dataset.test.images])[..., 0]
    assert len(found) == len(images)
    scale = 255 if images.max() == 1 else 1  # black and white
    assert sorted(map(bytes, found)) == sorted(map(bytes, images * np.uint8(scale)))
    if has_test:
        assert np.array_equal(dataset.test.labels, labels[cut:])


@pytest.mark.slow
@given(
    st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1), min_size=3, max_size=3, unique_by=composed)
)
def test_names_of_any_letters_come_out_of_classes_txt(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_set(Path(folder), "{}-{}-idx{}-ubyte")
        (Path(folder) / "classes.txt").write_text("\n".join(names) + "\n", "utf-8")
        assert read_idx_path(Path(folder), OPTIONS).class_names == tuple(map(composed, names))
