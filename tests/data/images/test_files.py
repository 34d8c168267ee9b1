from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from convscope.data.images import files
from convscope.data.images.files import find_image_files, read_image_file
from convscope.errors import PictureError

pytestmark = pytest.mark.usefixtures("never_hangs")  # pipes, devices and links that lead nowhere


def refusal(path: object) -> str:
    started = time.process_time()
    with pytest.raises(PictureError, match=r"\. .*\.$") as caught:
        read_image_file(path)  # type: ignore[arg-type]
    assert time.process_time() - started < 1
    return str(caught.value)


def test_a_file_is_read_whole_and_through_links(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"content")
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    assert read_image_file(tmp_path / "a.png") == read_image_file(str(tmp_path / "link.png")) == b"content"


@pytest.mark.skipif(os.name == "nt", reason="POSIX has these")
def test_what_only_looks_like_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "endless.png").symlink_to("/dev/zero")
    os.mkdir(tmp_path / "folder.png")
    with socket.socket(socket.AF_UNIX) as server:
        home = os.getcwd()
        os.chdir(tmp_path)  # a socket's name may be no longer than 107 bytes
        server.bind("socket.png")
        os.chdir(home)
        assert "is a socket" in refusal(tmp_path / "socket.png")
    assert "is a pipe" in refusal(tmp_path / "pipe.png")
    assert "is a device" in refusal(tmp_path / "endless.png")
    assert "is a folder" in refusal(tmp_path / "folder.png")


def test_missing_files_are_reported_by_cause(tmp_path: Path) -> None:
    (tmp_path / "lost.png").symlink_to(tmp_path / "nowhere.png")
    assert "is a broken link" in refusal(tmp_path / "lost.png")
    assert "does not exist" in refusal(tmp_path / "absent.png")
    assert "is a URL" in refusal("https://example.org/a.png")
    assert "file name too long" in refusal("a" * 300 + ".png")
    assert "null" in refusal("a\0b.png")
    (tmp_path / "file").write_bytes(b"")
    assert "not a directory" in refusal(tmp_path / "file" / "a.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_has_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "locked.png").write_bytes(b"content")
    (tmp_path / "locked.png").chmod(0)
    assert "permission denied" in refusal(tmp_path / "locked.png")


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(2**40)  # a terabyte that takes no room
    assert "has 1,048,576 MB, but at most 100 MB" in refusal(tmp_path / "huge.png")
    monkeypatch.setattr(files, "MAX_FILE", 0)
    assert "has more than 0 MB" in refusal("/proc/self/stat" if Path("/proc/self/stat").exists() else tmp_path / "huge.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "A.JPG", "sub/c.webp", "sub/deeper/d.tif", ".hidden.png", ".git/x.png", "__MACOSX/a.png",
                 "notes.txt", "Thumbs.db"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path)
    return tmp_path


def test_a_folder_stands_for_the_image_files_in_it_and_below_each_once(folder: Path) -> None:
    expected = [folder / name for name in ("A.JPG", "b.png", "sub/c.webp", "sub/deeper/d.tif")]
    assert find_image_files(str(folder)) == [str(path) for path in expected]


def test_a_pattern_stands_for_what_fits_it(folder: Path) -> None:
    assert find_image_files(f"{folder}/*.png") == [f"{folder}/b.png"]
    assert f"{folder}/sub/deeper/d.tif" in find_image_files(f"{folder}/**/*.tif")
    assert find_image_files(f"{folder}/s*") == [f"{folder}/sub/c.webp", f"{folder}/sub/deeper/d.tif"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    (folder / "what?[1].png").write_bytes(b"")
    assert find_image_files(f"{folder}/what?[1].png") == [f"{folder}/what?[1].png"]


def test_any_other_name_is_taken_for_a_file(folder: Path) -> None:
    assert find_image_files("absent.png") == ["absent.png"]
    assert find_image_files(f"{folder}/notes.txt") == [f"{folder}/notes.txt"]
    assert find_image_files("x" * 5000) == ["x" * 5000]


def test_a_folder_or_pattern_without_image_files_is_refused(folder: Path) -> None:
    os.mkdir(folder / "empty")
    (folder / "phone").mkdir()
    for number in range(3):
        (folder / "phone" / f"{number}.mp4").write_bytes(b"")
    with pytest.raises(PictureError, match=r"/empty.*\.png"):
        find_image_files(f"{folder}/empty")
    with pytest.raises(PictureError, match=r"/phone.*\(but 3 \.mp4\)"):
        find_image_files(f"{folder}/phone")
    with pytest.raises(PictureError, match=r"/\*\.gif"):
        find_image_files(f"{folder}/*.gif")
