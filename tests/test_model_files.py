from __future__ import annotations

from pathlib import Path

import pytest

from convscope import api, model_files, runs
from convscope.errors import RunError


@pytest.mark.parametrize("name", ["net.h5", "net.hdf5", "net.weights.h5", "net.pt", "net.pkl"])
def test_a_model_of_an_older_kind_is_refused_wherever_a_run_is_wanted(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    for ask in (runs.verify, api.evaluate, api.report, api.export, lambda given: api.predict(given, b""), api.serve):
        with pytest.raises(RunError, match=r"convscope train DATA --model (net\.keras|file\.py:build)") as raised:
            ask(path)
        assert "was expected" in str(raised.value)


def test_another_file_in_place_of_a_run_is_told_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(RunError, match="is a file; a run folder was expected"):
        runs.verify(tmp_path / "photo.jpg")


def test_endings_count_whatever_their_case() -> None:
    assert model_files.is_foreign("A.H5")
    assert not model_files.is_foreign("a.keras")
    assert not model_files.is_foreign("runs/mnist.h5/run")
