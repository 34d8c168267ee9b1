from __future__ import annotations

import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from convscope.system.installation import pip_line

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "convscope"
version = "0"
[project.optional-dependencies]
serve = []
[tool.hatch.build.targets.wheel]
include = ["here.py"]
[tool.hatch.build]
dev-mode-dirs = ["."]  # editable without another package
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a project that is called convscope, with a blank in its path."""
    folder = tmp_path / "my code"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "here.py").write_text("")
    return folder


def pip(*arguments: str) -> None:
    line = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*line, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["-e"]])
def test_what_pip_notes_about_a_checkout_is_read_and_the_line_works(
    options: list[str], checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip("--target", str(tmp_path / "installed"), *options, str(checkout))
    (found,) = metadata.distributions(name="convscope", path=[str(tmp_path / "installed")])
    monkeypatch.setattr(metadata, "distribution", lambda name: found)
    line = pip_line("serve")
    assert shlex.split(line) == ["pip", "install", *options, f"{checkout}[serve]"]
    pip("--target", str(tmp_path / "again"), *shlex.split(line)[2:])


GIT = '{"url": "https://example.org/c.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}'


@pytest.mark.parametrize(
    ("noted", "line"),
    [
        (None, '"convscope[cpu]"'),
        ('{"url": "file:///no/such/folder", "dir_info": {}}', '"convscope[cpu]"'),
        ('{"url": "https://example.org/c.whl", "archive_info": {}}', '"convscope[cpu] @ https://example.org/c.whl"'),
        (GIT, '"convscope[cpu] @ git+https://example.org/c.git@abc"'),
    ],
)
def test_other_origins(noted: str | None, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Installed:
        def read_text(self, name: str) -> Any:
            return noted

    monkeypatch.setattr(metadata, "distribution", lambda name: Installed())
    assert pip_line("cpu") == f"pip install {line}"


def test_a_wheel_on_disk_is_installed_from_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "convscope-1 ü.whl"
    wheel.touch()
    folder = tmp_path / "convscope-1.dist-info"
    folder.mkdir()
    (folder / "direct_url.json").write_text(f'{{"url": "{wheel.as_uri()}", "archive_info": {{}}}}')
    monkeypatch.setattr(metadata, "distribution", lambda name: metadata.Distribution.at(folder))
    assert pip_line("cpu") == f'pip install "{wheel}[cpu]"'


def test_a_source_tree_that_is_not_installed_counts_as_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert pip_line("cpu") == 'pip install "convscope[cpu]"'
