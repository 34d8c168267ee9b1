"""What the documentation tells its readers to do, done literally: every command and snippet of the tutorials and guides."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from convscope import train
from convscope.api.run import Run

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GUIDES = [DOCS / "how-to" / f"{name}.md" for name in ("in-scripts", "compare-runs", "evaluate-new-data")]
LONG_GUIDES = [DOCS / f"{name}.md" for name in ("export-and-serve", "label-audit", "settings")]
LONG = [ROOT / "README.md", DOCS / "studies.md", *LONG_GUIDES]
PAGES = sorted([*(DOCS / "tutorials").glob("*.md"), *GUIDES])
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```|((?:^    [^\n]+\n)+)", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"pip install|dask |.*dask:")
"""Commands for other environments and machines."""
NUMBER = re.compile(r"[−+-]?\d[\d,.]*(e-\d+)?%?|\bNo (?=significant)")
RUNS = ("RUN", "runs/mnist", "runs/mnist-cnn-standard-0", "runs/mnist-ann-standard-0")
"""What guides take for there, and train nothing for."""


CONVSCOPE = """
from dataclasses import replace
import numpy as np
from convscope.data.known import builtin
mnist = builtin.load_mnist
def every_twentieth():
    whole = mnist()
    first = {name: getattr(whole, name).take(np.arange(0, len(getattr(whole, name)), 20)) for name in ("train", "test")}
    return replace(whole, **first)
builtin.KNOWN["mnist"] = every_twentieth
from convscope.__main__ import run
run()
"""
"""The command, with every twentieth image of MNIST, which takes a third of the time."""


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


def digit(run: Run, number: int, path: Path) -> None:
    """Save a picture of that number."""
    path.parent.mkdir(exist_ok=True)
    test = run.dataset.test
    Image.fromarray(test.images[test.labels == number][0, ..., 0]).save(path)


def prepare_for_guides(run: Run) -> None:
    """Make what guides take for there, in the current folder."""
    for name in RUNS:
        shutil.copytree(run.folder, name)
    photos(Path("new-photos"))
    train("photos", recipe="sprint", report=False, out="runs/photos-cnn-standard-0")
    for number, name in ((4, "four"), (7, "seven")):
        digit(run, number, Path(f"{name}.png"))
    test = run.dataset.test
    np.savetxt("test.csv", test.images.reshape(len(test), -1), "%d", delimiter=",")


def run_console(text: str, environment: dict[str, str]) -> None:
    """Run each line that begins with ``$``, and expect the lines below it, with whatever numbers; and more after a line "…"."""
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        if ELSEWHERE.match(command) or command.startswith("convscope serve"):
            continue
        if "kept.csv" in command:  # which the reader has made of the list of suspects
            shutil.copy("runs/mnist-cnn-standard-0/label_suspects.csv", "kept.csv")
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, timeout=200)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert "internal error" not in done.stderr
        if expected.strip():
            said, told = without_numbers(done.stdout), without_numbers(expected)
            assert said == told or (told[-1] == "…" and said[: len(told) - 1] == told[:-1]), f"{command}\n{done.stdout}"


def without_numbers(text: str) -> list[str]:
    return [
        " ".join(NUMBER.sub("#", line).replace("Significant", "significant").split()) for line in text.strip().splitlines()
    ]


@contextmanager
def service(text: str, environment: dict[str, str]) -> Iterator[None]:
    """Run the service that a page tells to start, if it does, and expect what it says."""
    found = re.search(r"^\$ (convscope serve .*)\n((?:.+\n)*?)```", text, re.MULTILINE)
    if found is None:
        yield
        return
    with socket.socket() as port:
        if port.connect_ex(("127.0.0.1", 8000)) == 0:
            pytest.skip("something listens on port 8000 already")
    log = Path("service.log")
    with log.open("w") as output:
        running = subprocess.Popen(shlex.split(found[1]), stdout=output, stderr=output, env=environment)
        try:
            until = time.monotonic() + 60
            while not log.read_text().endswith("stop.\n") and time.monotonic() < until and running.poll() is None:
                time.sleep(0.05)
            assert log.read_text() == found[2]
            yield
        finally:
            running.terminate()
            running.wait()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a POSIX shell")
@pytest.mark.parametrize(
    "page", [*PAGES, *(pytest.param(page, marks=pytest.mark.thorough) for page in LONG)], ids=lambda page: page.stem
)
def test_a_page_can_be_followed_literally(
    page: Path, digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "few.py").write_text(CONVSCOPE)
    few = page.parent.name == "tutorials" and not request.config.getoption("--thorough")  # the others show results
    called = f"'{commands / 'few.py'}'" if few else "-m convscope"
    for name, line in (("convscope", called), ("python", "")):
        (commands / name).write_text(f'#!/bin/sh\nexec {sys.executable} {line} "$@"\n')
        (commands / name).chmod(0o755)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    photos(Path("photos"))
    shutil.copytree("photos/cup", "new")
    digit(digits_run, 4, Path("drawings", "four.png"))
    if page in (*GUIDES, *LONG_GUIDES):
        prepare_for_guides(digits_run)
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "BROWSER": "true"}
    text = page.read_text("utf-8")
    blocks = BLOCK.findall(text)
    assert blocks
    names: dict[str, Any] = {}
    with service(text, environment):
        for kind, block, indented in blocks:
            if kind == "python":
                exec(compile(block, page.name, "exec"), names)
            else:
                run_console(block or re.sub("^    (convscope )", r"$ \1", indented, flags=re.MULTILINE), environment)


@pytest.mark.slow
def test_the_documentation_site_builds_strictly(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(line, cwd=DOCS.parent, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    python = (tmp_path / "site" / "reference" / "python" / "index.html").read_text("utf-8")
    assert 'id="convscope.train"' in python
    assert "240,000" not in python  # private names stay out
