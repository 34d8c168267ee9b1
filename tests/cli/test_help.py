"""The --help text of every command."""

from __future__ import annotations

import subprocess
import sys
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


def test_the_list_of_verbs_needs_no_numpy() -> None:
    code = "import sys; sys.modules['numpy'] = None; from convscope.cli.main import main; sys.exit(main(['--help']))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("other", "own"),
    [(["help"], ["--help"]), (["help", "train"], ["train", "--help"]), (["version"], ["-V"]), (["-v"], ["-V"])],
)
def test_help_and_version_are_verbs_too(other: list[str], own: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert [main(words) for words in (other, own)] == [0, 0]
    said = capsys.readouterr().out
    assert said[: len(said) // 2] == said[len(said) // 2 :]
