"""What the documentation tells its readers to do, done literally: every command and snippet of the tutorials."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted([*(DOCS / "tutorials").glob("*.md"), DOCS / "how-to" / "in-scripts.md"])
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def photos(folder: Path) -> None:
    """Draw cups and leaves, forty photos each."""
    random = np.random.default_rng(0)
    for number in range(40):
        for name in ("cup", "leaf"):
            image = Image.fromarray(random.integers(150, 220, (36, 48, 3), dtype=np.uint8))
            x, y = random.integers(4, 14, 2).tolist()
            draw = ImageDraw.Draw(image)
            if name == "cup":
                draw.rectangle((x, y, x + 20, y + 16), fill=(60, 60, int(random.integers(90, 200))))
            else:
                draw.ellipse((x, y, x + 28, y + 10), fill=(30, int(random.integers(90, 200)), 30))
            (folder / name).mkdir(parents=True, exist_ok=True)
            image.save(folder / name / f"IMG_{1000 + number}.jpg")


def run_console(text: str, environment: dict[str, str]) -> None:
    """Run each line that begins with ``$``, and expect the lines below it."""
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, timeout=200)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert "internal error" not in done.stderr
        if expected.strip():
            assert done.stdout.strip() == expected.strip()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a POSIX shell")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_followed_literally(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = tmp_path / "commands"
    commands.mkdir()
    for name, line in (("convscope", "-m convscope"), ("python", "")):
        (commands / name).write_text(f'#!/bin/sh\nexec {sys.executable} {line} "$@"\n')
        (commands / name).chmod(0o755)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    photos(Path("photos"))
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "BROWSER": "true"}
    blocks = BLOCK.findall(page.read_text("utf-8"))
    assert blocks
    names: dict[str, Any] = {}
    for kind, text in blocks:
        if kind == "python":
            exec(compile(text, page.name, "exec"), names)
        else:
            run_console(text, environment)


@pytest.mark.slow
def test_the_documentation_site_builds_strictly(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(line, cwd=DOCS.parent, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    python = (tmp_path / "site" / "reference" / "python" / "index.html").read_text("utf-8")
    assert 'id="convscope.train"' in python
    assert "240,000" not in python  # private names stay out
