from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from convscope.errors import ConvscopeError, OutputError
from convscope.system.files import make_folder, replacing, write_bytes, write_json, write_text


def test_a_write_leaves_the_file_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "zweiundvierzig ×\n")
    assert (tmp_path / "a.txt").read_bytes() == "zweiundvierzig ×\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_failed_write_keeps_the_old_file_and_says_why(
    failing: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes(tmp_path / "a", b"old")

    def fail(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(OutputError, match=os.strerror(number)[1:]):
            write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_whatever_goes_wrong_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.keras") as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_json_that_no_browser_can_read_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert os.listdir(tmp_path) == []


def test_an_output_error_is_ours_and_the_systems(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught:
        make_folder(tmp_path / "file" / "below")
    assert isinstance(caught.value, ConvscopeError)
    assert isinstance(caught.value, OSError)
    assert "another place" in str(caught.value)


def test_files_are_synced_by_a_descriptor_that_may_write_as_windows_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    synced = []

    def as_on_windows(descriptor: int) -> None:
        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        synced.append(descriptor)

    monkeypatch.setattr(os, "fsync", as_on_windows)
    (tmp_path / "a").touch(mode=0o400)
    write_text(tmp_path / "a", "text")
    assert len(synced) == 1
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o400
