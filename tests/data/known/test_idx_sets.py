from __future__ import annotations

import gzip
import hashlib
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.data.known.builtin import KNOWN, describe_if_known, load_known_set, sha256_of
from convscope.data.known.registry import EMNIST_BALANCED, EMNIST_LETTERS, FASHION, KMNIST, KNOWN_SETS, MNIST_FILES, KnownSet
from convscope.data.load import load_dataset
from convscope.data.read_options import ReadOptions
from convscope.errors import DatasetError

GENERATOR = np.random.default_rng(0)


def content(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write(folder: Path, known: KnownSet, *, packed: bool) -> np.ndarray:
    """A small set of that kind; returns its first training image as it lies in the file."""
    folder.mkdir(parents=True)
    numbers = np.array(sorted(known.class_names), np.uint8)
    names = [f"{known.prefix}-{name}".replace("t10k", "test") if known.prefix else name for name in MNIST_FILES]
    images = GENERATOR.integers(0, 256, (len(numbers), 28, 28), dtype=np.uint8)
    for name in names:
        data = content(images if "images" in name else numbers)
        (folder / (name if packed else name.removesuffix(".gz"))).write_bytes(gzip.compress(data) if packed else data)
    return images[0]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No known set on this machine but what a test puts there."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("known", "place", "packed"),
    [
        (FASHION, ".keras/datasets/fashion-mnist", True),
        (FASHION, "data/FashionMNIST/raw", False),
        (FASHION, "data/FashionMNIST/raw", True),
        (KMNIST, "data/KMNIST/raw", False),
        (EMNIST_LETTERS, "data/EMNIST/raw", False),
        (EMNIST_BALANCED, "data/EMNIST/raw", False),
        (EMNIST_BALANCED, "cache/convscope/emnist-balanced", True),
        (KMNIST, "cache/convscope/kmnist", True),
    ],
    ids=str,
)
def test_sets_are_found_where_others_leave_them(known: KnownSet, place: str, packed: bool, nowhere: Path) -> None:
    first = write(nowhere / place, known, packed=packed)
    dataset = load_known_set(replace(known, sha256={}, counts=None))
    assert dataset.name == known.name
    assert dataset.class_names == tuple(known.class_names.values())
    assert np.array_equal(dataset.train.labels, np.arange(dataset.num_classes))
    assert np.array_equal(dataset.train.images[0, ..., 0], first.T if known.prefix else first)


def test_kerass_own_home_is_heeded(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(nowhere / "elsewhere"))
    write(nowhere / "elsewhere" / "datasets" / "fashion-mnist", FASHION, packed=True)
    assert load_known_set(replace(FASHION, sha256={})).name == "fashion"


def test_a_set_that_is_not_there_says_where_it_was_looked_for_and_how_to_fetch_it(nowhere: Path) -> None:
    for known in KNOWN_SETS.values():
        with pytest.raises(DatasetError, match=f"convscope fetch {known.name}$") as caught:
            load_known_set(replace(known, debian=""))
        assert str(nowhere / "cache" / "convscope" / known.name) in str(caught.value)


def test_another_set_in_its_place_is_noticed(nowhere: Path) -> None:
    write(nowhere / "data/FashionMNIST/raw", FASHION, packed=True)
    with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte\.gz.*SHA-256 .*c59f468a2f67…"):
        load_known_set(FASHION)


def test_a_set_without_known_checksums_is_recognized_by_its_image_counts(nowhere: Path) -> None:
    for known, count in ((KMNIST, "10 and 10"), (EMNIST_LETTERS, "26 and 26")):
        write(nowhere / "cache" / "convscope" / known.name, known, packed=True)
        with pytest.raises(DatasetError, match=f"{count} images of 28 × 28, but {known.name} has .*fetch {known.name}"):
            load_known_set(known)
    assert all(bool(known.counts) != bool(known.sha256) for known in KNOWN_SETS.values())


def test_an_incomplete_set_is_not_taken_for_one(nowhere: Path) -> None:
    write(nowhere / "cache/convscope/kmnist", KMNIST, packed=True)
    (nowhere / "cache/convscope/kmnist" / MNIST_FILES[3]).unlink()
    with pytest.raises(DatasetError, match="is not on this machine"):
        load_known_set(KMNIST)


def test_a_set_is_recognised_by_its_bytes_wherever_it_lies(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(nowhere / "mine", FASHION, packed=True)
    files = {("train", "images"): 0, ("train", "labels"): 1, ("test", "images"): 2, ("test", "labels"): 3}
    digests = {
        key: hashlib.sha256(gzip.decompress((nowhere / "mine" / MNIST_FILES[number]).read_bytes())).hexdigest()
        for key, number in files.items()
    }
    assert load_dataset(nowhere / "mine").class_names == tuple("0123456789")
    monkeypatch.setitem(KNOWN_SETS, "fashion", replace(FASHION, sha256=digests))
    dataset = load_dataset(nowhere / "mine")
    assert dataset.class_names == tuple(FASHION.class_names.values())
    assert (dataset.name, dataset.provenance.description) == ("mine", FASHION.description)
    assert describe_if_known(dataset).fingerprint == dataset.fingerprint
    assert load_dataset(nowhere / "mine", ReadOptions(class_names=tuple("abcdefghij"))).class_names == tuple("abcdefghij")
    monkeypatch.setitem(KNOWN_SETS, "fashion", replace(FASHION, sha256={**digests, ("test", "images"): "another"}))
    assert load_dataset(nowhere / "mine").class_names == tuple("0123456789")


def test_checksums_are_those_of_the_files() -> None:
    array = GENERATOR.integers(0, 256, (3, 4, 5), dtype=np.uint8)
    assert sha256_of(array) == hashlib.sha256(content(array)).hexdigest()


def test_names_are_as_published() -> None:
    assert set(KNOWN_SETS) < set(KNOWN)
    assert EMNIST_LETTERS.class_names[1] == "Aa"
    assert len(EMNIST_LETTERS.class_names) == 26
    assert "".join(EMNIST_BALANCED.class_names.values()) == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"


@pytest.mark.slow
@pytest.mark.skipif(not Path(FASHION.debian).is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_is_what_debian_packs(nowhere: Path) -> None:
    dataset = load_known_set(FASHION)
    assert dataset.train.images.shape == (60_000, 28, 28, 1)
    assert dataset.class_names[dataset.train.labels[0]] == "Ankle boot"
