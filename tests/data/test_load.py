from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.errors import DatasetError


def arrays(n: int = 20) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (n, 12, 12), dtype=np.uint8),
        "y_train": np.arange(n, dtype=np.uint8) % 3,
        "x_test": generator.integers(0, 256, (6, 12, 12), dtype=np.uint8),
        "y_test": np.arange(6, dtype=np.uint8) % 3,
    }


def test_a_dataset_is_returned_as_it_is(digits: Dataset) -> None:
    assert load_dataset(digits) is digits


def test_a_misspelt_name_is_met_with_the_nearest() -> None:
    with pytest.raises(DatasetError, match=r"'mnits' is unknown\. Did you mean 'mnist'\?"):
        load_dataset("mnits")


def test_a_path_to_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there is nothing at"):
        load_dataset(tmp_path / "absent.npz")


def test_a_file_of_another_kind_says_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(DatasetError, match="no dataset that convscope reads"):
        load_dataset(tmp_path / "notes.txt")


def test_an_archive_in_keras_layout_becomes_a_dataset(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **arrays())
    dataset = load_dataset(tmp_path / "own.npz")
    assert dataset.name == "own"
    assert dataset.image_shape == (12, 12, 1)
    assert dataset.class_names == ("0", "1", "2")
    assert np.array_equal(dataset.train.images[..., 0], arrays()["x_train"])


def test_missing_arrays_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", X=np.zeros(3), Y=np.zeros(3))
    with pytest.raises(DatasetError, match=r"holds X, Y; x_train, y_train, x_test, y_test were expected"):
        load_dataset(tmp_path / "own.npz")


@pytest.mark.parametrize("keep", [0, 1, 100, 3000])
def test_a_cut_off_archive_is_one_sentence(keep: int, tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **arrays())
    whole = (tmp_path / "own.npz").read_bytes()
    (tmp_path / "own.npz").write_bytes(whole[:keep])
    with pytest.raises(DatasetError, match="cannot be read as .npz"):
        load_dataset(tmp_path / "own.npz")


def test_a_flipped_bit_in_the_pixels_is_noticed(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **arrays())
    content = bytearray((tmp_path / "own.npz").read_bytes())
    content[1000] ^= 1
    (tmp_path / "own.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="CRC"):
        load_dataset(tmp_path / "own.npz")


def test_an_archive_of_pickled_objects_is_not_opened(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "ran",))  # type: ignore[return-value]

    np.savez(tmp_path / "own.npz", **{**arrays(), "x_train": np.array([Bomb()], dtype=object)})
    with pytest.raises(DatasetError, match="cannot be read as .npz"):
        load_dataset(tmp_path / "own.npz")
    assert not (tmp_path / "ran").exists()


def test_floats_are_refused_with_the_dtype_that_is_expected(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", **{**arrays(), "x_test": np.zeros((6, 12, 12))})
    with pytest.raises(DatasetError, match="float64; uint8"):
        load_dataset(tmp_path / "own.npz")
