"""The snippets of ``docs/how-to/other-runtimes.md``, each with the library that it is for, if that is installed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope

from ..handwriting import penned, photo_of_one  # type: ignore[import-not-found]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "other-runtimes.md"
PREPARATION, *SNIPPETS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def library(snippet: str) -> str:
    return re.split(r"\s", snippet)[1]


@pytest.mark.slow
@pytest.mark.parametrize("snippet", SNIPPETS, ids=library)
def test_a_snippet_computes_the_logits_of_predict(
    snippet: str, digits_run: convscope.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(library(snippet))
    random = np.random.default_rng(3)
    shutil.copy(digits_run.folder / "model.onnx", tmp_path)
    (tmp_path / "photo.jpg").write_bytes(photo_of_one(penned("4", 150, random), "4", random).content)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(PREPARATION + snippet, PAGE.name, "exec"), names)
    expected = convscope.predict(digits_run, "photo.jpg").logits
    assert np.abs(names["logits"] - expected).max() < 1e-4
