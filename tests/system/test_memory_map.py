from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.data.readers.npz import read_arrays, read_npz
from convscope.errors import DatasetError
from convscope.system import arrays as array_files


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, size=(300, 9, 7, 3), dtype=np.uint8)
    labels = generator.integers(0, 4, size=300)
    return {"x_train": images, "y_train": labels, "x_test": images[:50], "y_test": labels[:50]}


def test_large_arrays_are_mapped_and_small_ones_read(
    arrays: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "set.npz", **arrays)  # type: ignore[arg-type]
    monkeypatch.setattr(array_files, "LARGE", arrays["x_train"].nbytes)
    found = read_arrays(tmp_path / "set.npz")
    assert [key for key, array in found.items() if isinstance(array, np.memmap)] == ["x_train"]
    assert all(np.array_equal(found[key], array) for key, array in arrays.items())
    dataset = read_npz(tmp_path / "set.npz")
    assert isinstance(dataset.train.images, np.memmap)
    assert not dataset.train.images.flags.writeable


def test_compressed_arrays_are_read(arrays: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "set.npz", **arrays)  # type: ignore[arg-type]
    monkeypatch.setattr(array_files, "LARGE", 1)
    found = read_arrays(tmp_path / "set.npz")
    assert not any(isinstance(array, np.memmap) for array in found.values())


@pytest.mark.parametrize("spoil", ["objects", "order", "header"])
def test_what_is_not_rows_of_plain_numbers_is_refused(
    spoil: str, arrays: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_files, "LARGE", 1)
    path = tmp_path / "set.npz"
    if spoil == "objects":
        arrays["x_train"] = np.array([{}, []] * 150, dtype=object)
    if spoil == "order":
        arrays["x_train"] = np.asfortranarray(arrays["x_train"])
    np.savez(path, **arrays)  # type: ignore[arg-type]
    if spoil == "header":
        content = bytearray(path.read_bytes())
        content[0:4] = b"XXXX"
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"set\.npz.*(as \.npz|pickled)"):
        read_npz(path)
