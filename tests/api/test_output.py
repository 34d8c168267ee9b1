"""Where the verbs write."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope import OutputError, Run

VERBS: dict[str, Callable[..., Any]] = {
    "report": convscope.report,
    "compare": lambda run, **where: convscope.compare([run, run], **where),
    "explain": lambda run, **where: convscope.explain(run, "example", **where),
}


@pytest.mark.parametrize("name", VERBS)
def test_out_may_still_be_called_output(name: str, digits_run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    for spelling in ("out", "output"):
        with pytest.raises(OutputError, match=r"mine\.txt' already exists.*out=FILE"):
            VERBS[name](digits_run, **{spelling: mine})
    with pytest.raises(TypeError, match="output"):
        VERBS[name](digits_run, out=mine, output=mine)
    assert "output" not in inspect.signature(getattr(convscope, name)).parameters
