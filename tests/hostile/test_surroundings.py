"""Processes with little memory, few files, no temporary folder, no home, a wrong clock."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from convscope.api.run import Run
from convscope.runs import run_folder, store
from convscope.system.files import is_temporary

from .command import Answer  # type: ignore[import-not-found]
from .forked import Forks  # type: ignore[import-not-found]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and limits that Linux keeps")

QUICK = {
    "data": "data digits",
    "predict": "predict run good.png",
}
OTHERS = {
    "evaluate": "evaluate run",
    "mistakes": "mistakes run",
    "compare": "compare run other",
    "export": "export run --out model.onnx",
    "fetch": "fetch no-such-data",
}
BACKWARDS = "count = iter(range(2 * 10**9, 0, -1000)); time.time = lambda: float(next(count))"
SURROUNDINGS = {
    "20 MB more": "limit('AS', 20 * MB)",
    "60 MB more": "limit('AS', 60 * MB)",
    "150 MB more": "limit('AS', 150 * MB)",
    "400 MB more": "limit('AS', 400 * MB)",
    "16 files": "limit('NOFILE', 16)",
    "32 files": "limit('NOFILE', 32)",
    "1 process": "limit('NPROC', 1); os.getuid() or os.setuid(os.stat('/proc/1').st_uid)",
    "files of 0 bytes": "limit('FSIZE', 0)",
    "files of 64 kB": "limit('FSIZE', 2**16)",
    "no temporary folder": "os.environ['TMPDIR'] = '/nowhere'",
    "a temporary folder that is a file": "os.environ['TMPDIR'] = '/dev/null'",
    "a temporary folder that nobody writes": "os.environ['TMPDIR'] = '/proc'",
    "no home": "os.environ.pop('HOME', None); os.environ.pop('XDG_CACHE_HOME', None)",
    "an empty home": "os.environ['HOME'] = ''; os.environ.pop('XDG_CACHE_HOME', None)",
    "a home that nobody writes": "os.environ['HOME'] = '/proc'; os.environ.pop('XDG_CACHE_HOME', None)",
    "a home that is a file": "os.environ['HOME'] = '/dev/null'; os.environ.pop('XDG_CACHE_HOME', None)",
    "a cache that is a file": "os.environ['XDG_CACHE_HOME'] = '/dev/null'",
    "a clock set back": BACKWARDS,
    "a clock at zero": "time.time = lambda: 0.0",
    "a clock of the far future": "time.time = lambda: 2.0**33",
    "a file mode of nothing": "os.umask(0o777)",
    "no current folder": "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
}
OPENBLAS = "OpenBLAS error: Memory allocation still failed"
"""NumPy's library ends the process with this sentence, where no Python can catch it."""


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks() as forks:
        yield forks


@pytest.fixture(scope="module")
def shared(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("surroundings")
    for name in ("run", "other"):
        shutil.copytree(digits_run.folder, folder / name)
    Image.fromarray(digits_run.dataset.test.images[0, ..., 0]).save(folder / "good.png")
    return folder


def assert_result_or_sentence(answer: Answer) -> None:
    said = answer.error
    assert answer.status in (0, 1, 2), f"status {answer.status}: {said}"
    assert "Traceback" not in said, said
    assert "internal error" not in said, said
    if answer.status:
        assert "convscope: error: " in said or "Error: " in said or OPENBLAS in said, said


def words(command: str, folder: Path) -> list[str]:
    """Return the words of a command, with whole paths, since the current folder may go."""
    ours = ("run", "other", "good.png", "model.onnx", "page.html", "new", "study")
    first, *rest = command.split()
    return [first, *(str(folder / word) if word in ours else word for word in rest)]


@pytest.mark.slow
@pytest.mark.rows(22)
@pytest.mark.parametrize("verb", [*QUICK, *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)])
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_each_verb_gives_its_result_or_one_sentence(name: str, verb: str, forks: Forks, shared: Path) -> None:
    (shared / "model.onnx").unlink(missing_ok=True)
    assert_result_or_sentence(forks.answer(SURROUNDINGS[name], *words({**QUICK, **OTHERS}[verb], shared), folder=shared))


LONG = {
    "train": "train digits --model logistic --epochs 1 --no-report --out new",
    "train over a run": "train digits --model logistic --epochs 1 --no-report --out run --overwrite",
    "thorough": "evaluate run --thorough",
    "study": "study digits --models logistic --seeds 1 --epochs 1 --workers 1 --out study",
    "audit": "audit run --folds 2",
}
TINY = """
import ctypes
system, folder = ctypes.CDLL(None), os.path.abspath("small")
os.makedirs(folder, exist_ok=True)
system.unshare(0x20000) or system.mount(b"none", b"/", None, 0x44000, None)  # mounts of this process alone, as root
system.mount(b"none", folder.encode(), b"tmpfs", 0, b"size=1m")
os.environ["TMPDIR"] = folder
"""
FULL = """
import errno
count, sync = iter(range(4)), os.fsync
def fsync(descriptor):
    if next(count, None) is None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sync(descriptor)
os.fsync = fsync
"""
OF_LONG = {
    "a temporary folder of 1 MB": TINY,
    "a clock set back": BACKWARDS,
    "no home": SURROUNDINGS["no home"],
    "a home that nobody writes": SURROUNDINGS["a home that nobody writes"],
    "60 MB more": SURROUNDINGS["60 MB more"],
    "a disk that gets full": FULL,
}


LIKE_OTHERS = {("no home", "thorough"), ("a clock set back", "thorough")}
"""Left out for their time."""


@pytest.mark.rows(5)
@pytest.mark.slow
@pytest.mark.parametrize(("name", "verb"), [each for each in itertools.product(OF_LONG, LONG) if each not in LIKE_OTHERS])
def test_a_long_verb_gives_its_result_or_one_sentence_and_loses_nothing(
    name: str, verb: str, forks: Forks, run_copy: Path, tmp_path: Path
) -> None:
    if verb == "audit":
        pytest.importorskip("cleanlab")
    (run_copy / "notes.txt").write_text("mine")
    answer = forks.answer(OF_LONG[name], *words(LONG[verb], tmp_path), folder=tmp_path)
    assert_result_or_sentence(answer)
    assert (run_copy / "notes.txt").read_text() == "mine"
    store.load_record(run_folder.verify(run_copy))
    if not answer.status and verb == "train":
        store.load_record(run_folder.verify(tmp_path / "new"))
    assert not [each for each in tmp_path.rglob("*") if is_temporary(each.name) and each.suffix != ".npz"]
