from __future__ import annotations

from pathlib import Path

import pytest

from convscope import api, model_files, runs
from convscope.errors import RunError

from .gold_files import GoldFiles  # type: ignore[import-not-found]


@pytest.mark.parametrize("name", ["net.h5", "net.hdf5", "net.weights.h5", "net.pt", "net.pkl"])
def test_a_model_in_a_foreign_format_is_refused_in_place_of_a_run(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    for ask in (runs.verify, api.evaluate, api.report, api.export, lambda given: api.predict(given, b""), api.serve):
        with pytest.raises(RunError, match=rf"{name}.*convscope train DATA --model (net\.keras|file\.py:build)"):
            ask(path)


def test_another_file_in_place_of_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(RunError, match=r"photo\.jpg'"):
        runs.verify(tmp_path / "photo.jpg")


def test_the_case_of_endings_is_ignored() -> None:
    assert model_files.is_foreign("A.H5")
    assert not model_files.is_foreign("a.keras")
    assert not model_files.is_foreign("runs/mnist.h5/run")


def test_every_refusal_names_a_way_to_convert_the_file(gold: GoldFiles) -> None:
    names = ("net.h5", "net.weights.h5", "net.pt")
    gold("model_files", "\n".join(model_files.refusal(name, "a .keras file", retrain=True) for name in names))
