"""The --help text of every command."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.cli.main import VERBS, main

NAMES = ["", *VERBS]


@pytest.mark.parametrize("name", NAMES)
def test_help(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, gold: Any) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([*([name] if name else []), "--help"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 110  # a default that cannot be wrapped may exceed 100
    gold(f"cli/help/{name or 'convscope'}", text)
