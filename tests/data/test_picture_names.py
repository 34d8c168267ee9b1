from __future__ import annotations

import os
from pathlib import Path

import pytest

from convscope.data.picture_names import find_pictures
from convscope.errors import PictureError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "A.JPG", "sub/c.webp", "sub/deeper/d.tif", ".hidden.png", ".git/x.png", "__MACOSX/a.png",
                 "notes.txt", "Thumbs.db"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path)
    return tmp_path


def test_a_folder_stands_for_the_pictures_in_it_and_below_each_once(folder: Path) -> None:
    expected = [folder / name for name in ("A.JPG", "b.png", "sub/c.webp", "sub/deeper/d.tif")]
    assert find_pictures(str(folder)) == [str(path) for path in expected]


def test_a_pattern_stands_for_what_fits_it(folder: Path) -> None:
    assert find_pictures(f"{folder}/*.png") == [f"{folder}/b.png"]
    assert f"{folder}/sub/deeper/d.tif" in find_pictures(f"{folder}/**/*.tif")
    assert find_pictures(f"{folder}/s*") == [f"{folder}/sub/c.webp", f"{folder}/sub/deeper/d.tif"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    (folder / "what?[1].png").write_bytes(b"")
    assert find_pictures(f"{folder}/what?[1].png") == [f"{folder}/what?[1].png"]


def test_any_other_name_is_taken_for_a_file(folder: Path) -> None:
    assert find_pictures("absent.png") == ["absent.png"]
    assert find_pictures(f"{folder}/notes.txt") == [f"{folder}/notes.txt"]
    assert find_pictures("x" * 5000) == ["x" * 5000]


def test_a_folder_or_pattern_without_pictures_is_refused(folder: Path) -> None:
    os.mkdir(folder / "empty")
    (folder / "phone").mkdir()
    for number in range(3):
        (folder / "phone" / f"{number}.heic").write_bytes(b"")
    with pytest.raises(PictureError, match=r"/empty.*\.png"):
        find_pictures(f"{folder}/empty")
    with pytest.raises(PictureError, match=r"/phone.*\(but 3 \.heic\)"):
        find_pictures(f"{folder}/phone")
    with pytest.raises(PictureError, match=r"/\*\.gif"):
        find_pictures(f"{folder}/*.gif")
