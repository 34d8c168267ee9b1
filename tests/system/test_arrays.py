"""Files of arrays: what NumPy's savez writes, and nothing else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from convscope.system.arrays import MARK, load_arrays, save_arrays

ARRAYS = {"a/b": np.arange(6, dtype=np.int32).reshape(2, 3), "one": np.float64(0.5), "fortran": np.zeros((3, 2), order="F")}


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_of_arrays_is_that_of_numpy_with_a_mark(tmp_path: Path, compressed: bool) -> None:
    save_arrays(tmp_path / "own.npz", ARRAYS, compressed=compressed)
    expected = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(expected, **ARRAYS)
    with zipfile.ZipFile(expected, "a") as archive:
        archive.comment = MARK
    assert (tmp_path / "own.npz").read_bytes() == expected.getvalue()


def test_any_name_is_saved_and_no_object_is_pickled(tmp_path: Path) -> None:
    names = {name: np.arange(3) for name in ("allow_pickle", "file", "self")}
    save_arrays(tmp_path / "own.npz", names)
    assert load_arrays(tmp_path / "own.npz").keys() == names.keys()
    with pytest.raises(ValueError, match="allow_pickle"):
        save_arrays(tmp_path / "objects.npz", {"it": np.array([{}], dtype=object)})
    assert not (tmp_path / "objects.npz").exists()
