"""Standard output in encodings that lack characters: commands finish, text is legible, and JSON stays exact."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.cli.main import main

NAMES = ("数字", "رقم", "अंक", "naïve – “x”", "😀")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Image files in folders with names in five scripts."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for name in NAMES:
        (folder / name).mkdir()
        for number in range(12):
            Image.fromarray(random.integers(0, 256, (8, 8), np.uint8)).save(folder / name / f"{number}.png")
    return folder


def in_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str, *arguments: object) -> tuple[int, str, str]:
    """Run a command with strict streams of ``encoding``; return the exit status and what was written."""
    written = [io.BytesIO(), io.BytesIO()]
    with monkeypatch.context() as patch:
        for name, raw in zip(("stdout", "stderr"), written, strict=True):
            patch.setattr(sys, name, io.TextIOWrapper(raw, encoding=encoding, errors="strict"))
        status = main([*map(str, arguments)])
        sys.stdout.flush()
        sys.stderr.flush()
        # Click writes UTF-8 where Python says ASCII.
        out, err = (raw.getvalue().decode("utf-8" if encoding == "ascii" else encoding) for raw in written)
    return status, out, err


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "cp437", "koi8-r", "utf-8"])
def test_no_encoding_fails_a_command_and_json_stays_exact(
    encoding: str, photos: Path, digits_run: convscope.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "数字 \udcff.png"
    Image.fromarray(np.eye(8, dtype=np.uint8) * 255).save(str(image))
    run = digits_run.folder
    for arguments in (
        ("data", photos),
        ("data", "digits"),
        ("evaluate", run),
        ("mistakes", run),
        ("predict", run, image),
        ("train", "--help"),
    ):
        status, out, err = in_encoding(monkeypatch, encoding, *arguments)
        assert status == 0, (arguments, err)
        assert out
        assert "Error" not in err
    status, out, _ = in_encoding(monkeypatch, encoding, "data", photos, "--json")
    assert status == 0
    assert set(json.loads(out)["class_names"]) == set(NAMES)
    status, _, err = in_encoding(monkeypatch, encoding, "data", tmp_path / "没有")
    assert status == 1
    assert "convscope: error" in err


@pytest.mark.slow
def test_typography_is_spelt_in_ascii_and_other_scripts_are_escaped(
    photos: Path, digits_run: convscope.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = in_encoding(monkeypatch, "latin-1", "data", photos)
    assert "\\u6570\\u5b57" in out
    assert "\\ud83d\\ude00" in out
    _, out, _ = in_encoding(monkeypatch, "latin-1", "evaluate", digits_run.folder)
    assert "%" in out
    assert "\\u" not in out
    arguments = ("train", "digits", "--model", "logistic", "--recipe", "sprint", "--no-report", "--out", tmp_path / "run")
    _, out, err = in_encoding(monkeypatch, "latin-1", *arguments)
    assert "-----" in err
    assert "\\u" not in out + err
