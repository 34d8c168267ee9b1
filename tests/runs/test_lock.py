"""Locks of folders, with those that Windows needs, where no folder can be opened, and without any from the system."""

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import pytest

from convscope.errors import ConvscopeError, RunError, RunExistsError
from convscope.runs import lock

LOCK = """
import sys
from pathlib import Path
from convscope.runs import lock
lock.FOLDERS_CAN_BE_OPENED = {folders}
with lock.locked(Path("run"), new=True):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=[True, False], ids=["the folder", "as on Windows"])
def folders(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    (tmp_path / "temporary").mkdir()
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(lock, "FOLDERS_CAN_BE_OPENED", request.param)
    monkeypatch.chdir(tmp_path)
    yield request.param
    assert os.listdir("run") == []


@pytest.mark.slow
def test_a_folder_is_locked_once_and_until_its_process_ends(folders: bool) -> None:
    command = [sys.executable, "-c", LOCK.format(folders=folders)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(RunExistsError, match="is being written by another"), lock.locked(Path("run")):
            pass
        other.kill()
    with lock.locked(Path("run")), pytest.raises(RunExistsError), lock.locked(Path("run")):
        pass


@pytest.mark.usefixtures("folders")
def test_a_lock_is_of_the_folder_that_has_the_name() -> None:
    with lock.locked(Path("run")) as descriptor:
        lock.check_in_place(descriptor, Path("run"))
        os.rename("run", "moved")
        with pytest.raises(RunError, match="moved or removed"):
            lock.check_in_place(descriptor, Path("run"))
        os.mkdir("run")
        with pytest.raises(RunError, match="another folder"):
            lock.check_in_place(descriptor, Path("run"))
        with lock.locked(Path("run")):
            pass


@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: os.symlink("mine", path)], ids=["pipe", "folder", "link"]
)
def test_what_lies_in_the_place_of_a_lock_is_neither_followed_nor_waited_for(
    make: Callable[[Path], None], folders: bool
) -> None:
    if not folders:
        make(lock._lockable(Path("run")))
        with pytest.raises(ConvscopeError, match="cannot write 'run': it is a"), lock.locked(Path("run")):
            pass
        assert not os.path.exists("mine")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EBADF])
def test_a_system_that_cannot_lock_is_no_obstacle(number: int, folders: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(filelock, "lock_descriptor", fail)
    with lock.locked(Path("run")):
        pass


@pytest.mark.slow
def test_a_python_without_fcntl_is_no_obstacle(folders: bool) -> None:
    code = f"import sys; sys.modules['fcntl'] = None{LOCK.format(folders=folders)}"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, check=False)
    assert done.stdout == "locked\n", done.stderr
