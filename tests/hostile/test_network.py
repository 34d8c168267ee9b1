"""What leaves the machine, and what is written elsewhere: every command, watched below Python.

A library that is preloaded into each process writes down connections, look-ups of names, and files that are opened to be
written: audit hooks of Python see nothing of ONNX Runtime and TensorFlow.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from PIL import Image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or shutil.which("cc") is None, reason="the watcher is made for Linux with a compiler"
    ),
]
SOURCE = Path(__file__).with_name("watch.c")
LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(scope="module")
def watcher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("watcher") / "watch.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an image, a home and a folder for temporary files."""
    place = tmp_path_factory.mktemp("place")
    for name in ("home", "tmp", "work"):
        (place / name).mkdir()
    image = Image.new("L", (28, 28), 255)
    image.paste(0, (12, 4, 16, 24))
    image.save(place / "x.png")
    return place


ONE_AFTER_THE_OTHER = """
import sys
from convscope.cli.main import main
from convscope.system.isolation import isolate_process
isolate_process()
sys.exit(any([main(each.split()) for each in sys.argv[1:]]))
"""


class Watched:
    """Commands in the folder ``work``, and what they did outside."""

    def __init__(self, watcher: Path, place: Path) -> None:
        self.place, self.log = place, place / "log"
        self.log.unlink(missing_ok=True)
        passed = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}  # no CI, which hides much
        self.environment = {
            **passed, "HOME": str(place / "home"), "TMPDIR": str(place / "tmp"), "LD_PRELOAD": str(watcher),
            "WATCH_LOG": str(self.log), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def start(self, *arguments: str, code: tuple[str, str] = ("-m", "convscope")) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *code, *arguments],
            cwd=self.place / "work", env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *commands: str) -> None:
        """Run commands in one process."""
        process = self.start(*commands, code=("-c", ONE_AFTER_THE_OTHER))
        out, _ = process.communicate(timeout=200)
        assert process.returncode == 0, out

    def outside(self) -> set[str]:
        """Return connections beyond this machine, and files written beside run, cache and temporary folder."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []  # some commands only read
        kept = tuple(f"writes {self.place}/{each}" for each in ("home/.cache/convscope", "tmp", "work/", "log"))
        local = tuple(f"{verb} {name}" for verb in ("connects", "looks up") for name in LOOPBACK)
        allowed = (*kept, *local, "writes /dev/", "writes /proc/self/")
        parents = {f"writes {self.place}/home", f"writes {self.place}/home/.cache", f"writes {self.place}/work"}
        return {line for line in lines if not line.startswith(allowed)} - parents


@pytest.fixture
def watched(watcher: Path, place: Path) -> Watched:
    return Watched(watcher, place)


COMMANDS = [
    ["data digits"],
    ["train digits --recipe sprint --out run"],
    ["predict run ../x.png", "evaluate run", "report run", "mistakes run", "explain run ../x.png", "export run --out other.onnx"],
    ["train digits --recipe sprint --engine keras --epochs 1 --out run-keras --no-report",
     "export run --format keras --out other.keras"],
    ["study digits --models logistic --recipes sprint --seeds 2 --workers 2 --out study"],
]  # fmt: skip
"""Those of one process, which share its start, and TensorFlow's."""


@pytest.mark.parametrize("commands", COMMANDS, ids=lambda commands: commands[-1])
def test_a_command_talks_to_nobody_and_writes_to_its_run_and_the_cache(commands: list[str], watched: Watched) -> None:
    watched.run(*commands)
    assert not watched.outside()


def test_the_service_talks_to_nobody_but_its_clients(watched: Watched) -> None:
    process = watched.start("serve", "run", "--port", "0")
    killer = threading.Timer(60, process.kill)
    killer.start()
    try:
        assert process.stdout is not None
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        request = urllib.request.Request(
            f"{address}/predict", (watched.place / "x.png").read_bytes(), {"Content-Type": "image/png"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
        time.sleep(1)
        process.terminate()
        process.wait(20)
    finally:
        killer.cancel()
        process.kill()
        process.communicate()
    assert not watched.outside()


def test_the_watcher_sees_what_it_is_there_for(watched: Watched) -> None:
    code = (
        "import socket, pathlib, os; pathlib.Path(os.environ['HOME'], 'x').touch(); s = socket.socket(); s.settimeout(.1)\n"
    )
    code += "try: s.connect(('192.0.2.1', 9))\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", code], env=watched.environment, check=True)
    seen = watched.log.read_text()
    assert "connects 192.0.2.1" in seen
    assert f"writes {watched.place}/home/x" in seen
