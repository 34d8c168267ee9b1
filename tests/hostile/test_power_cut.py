"""A power cut, and a failing disk, at each step at which a run is written or replaced."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from convscope.errors import ConvscopeError
from convscope.runs import replacement, run_folder
from convscope.runs.replacement import identity_of
from convscope.system.files import is_temporary, make_folder, write_json, write_text

STEPS = ("fsync", "replace", "rename", "mkdir", "unlink", "rmdir")
NOTES = ("notes.txt", "figures/mine.txt")
"""Files of the user's in the folder of the old run."""


def write_run(path: Path, generation: int, *, overwrite: bool = True) -> None:
    with run_folder.writing_run(path, overwrite=overwrite) as folder:
        write_json(folder / "run.json", {**dict.fromkeys(replacement.REQUEST_KEYS, ""), "generation": generation})
        write_json(folder / "metrics.json", {**dict.fromkeys(replacement.METRICS_KEYS, ""), "generation": generation})
        make_folder(folder / "figures")
        write_text(folder / "figures" / f"figure-{generation}.svg", "<svg/>")


def generation(path: Path) -> int:
    """Of a complete run whose files are all of the same generation."""
    folder = run_folder.verify(path)
    found = {run_folder.read_json(folder / name)["generation"] for name in ("run.json", "metrics.json")}
    assert len(found) == 1
    return int(found.pop())


def assert_untouched(home: Path) -> None:
    for name in NOTES:
        assert (home / name).read_text() == "mine"


def leftovers(folder: Path) -> list[str]:
    return [name for _, folders, files in os.walk(folder) for name in (*folders, *files) if is_temporary(name)]


@contextmanager
def calling(at_step: Callable[[], None]) -> Iterator[None]:
    """Call ``at_step`` before and after each call that changes the disk."""
    within = False

    def wrapped(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **keywords: object) -> object:
            step()
            try:
                return real(*arguments, **keywords)
            finally:
                step()

        return call

    def step() -> None:
        nonlocal within
        if not within:
            within = True
            try:
                at_step()
            finally:
                within = False

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, wrapped(getattr(os, name)))
        yield


def plain(folder: Path) -> tuple[Path, Path]:
    return folder / "run", folder / "run"


def with_old_run(folder: Path) -> tuple[Path, Path]:
    write_run(folder / "run", 1)
    for name in NOTES:
        (folder / "run" / name).write_text("mine")
    return folder / "run", folder / "run"


def linked(folder: Path) -> tuple[Path, Path]:
    (folder / "elsewhere").mkdir()
    _, home = with_old_run(folder / "elsewhere")
    (folder / "run").symlink_to("elsewhere/run")
    return folder / "run", home


PLACES = {"a new run": plain, "over a run": with_old_run, "over a link to a run": linked, "over a mount point": with_old_run}


def prepare(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return the path to write a run to, and the folder that it stands for."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # the test's own power does not fail
    folder.mkdir()
    places = PLACES[name](folder)
    if name == "over a mount point":
        monkeypatch.setattr(os, "rename", as_for_a_mount)
    return places


def as_for_a_mount(source: Path, target: Path, rename: Callable[[Path, Path], None] = os.rename) -> None:
    """A mount cannot be renamed, and nothing can be renamed into or out of it."""
    if "run" in {Path(source).name, Path(target).name}:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    if Path(source).parent != Path(target).parent:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    rename(source, target)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLACES)
def test_a_power_cut_at_any_step_leaves_the_old_run_or_the_new_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of everything at each step is what a power cut at that step would leave, without any clean-up."""
    path, home = prepare(name, tmp_path / "there", monkeypatch)
    cuts: list[Path] = []

    def keep() -> None:
        cuts.append(Path(shutil.copytree(tmp_path / "there", tmp_path / f"cut-{len(cuts)}", symlinks=True)))

    with calling(keep):
        write_run(path, 2)
    seen = set()
    for number, cut in enumerate(cuts):
        left, its_home = (cut / each.relative_to(tmp_path / "there") for each in (path, home))
        if name != "a new run" or (left / "manifest.json").exists():
            seen.add(generation(left))
        if number % 3:
            continue
        write_run(left, 3)
        assert generation(left) == 3
        assert not leftovers(cut)
        if name != "a new run":
            assert_untouched(its_home)
    assert seen == ({2} if name == "a new run" else {1, 2})
    assert len(cuts) > 30


@pytest.mark.rows(5)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number"),
    [
        *((name, errno.EIO) for name in PLACES),
        *(("over a run", number) for number in (errno.EXDEV, errno.EINVAL, errno.ENOSPC)),
    ],
)
def test_a_disk_that_fails_at_any_step_leaves_the_old_run_or_the_new_one_where_the_sentence_says(
    name: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fatal = steps = 0
    while steps >= fatal:
        fatal, steps = fatal + 1, 0
        path, home = prepare(name, tmp_path / f"try-{fatal}", monkeypatch)

        def fail(fatal: int = fatal) -> None:
            nonlocal steps
            steps += 1
            if steps == fatal:
                raise OSError(number, os.strerror(number))

        try:
            with calling(fail):
                write_run(path, 2)
            assert generation(path) == 2
        except ConvscopeError as error:
            if (path / "manifest.json").exists() or name != "a new run":
                assert generation(path) in ((2,) if name == "a new run" else (1, 2))
            if stays := re.search(r"It stays, complete, in '(.+)'", str(error)):
                assert generation(Path(stays[1])) == 2
        if name != "a new run":
            assert_untouched(home)
    assert fatal > 30


def test_a_file_is_synced_before_it_is_renamed_and_its_folder_after(tmp_path: Path) -> None:
    path, _ = with_old_run(tmp_path)
    synced: list[tuple[int, int]] = []
    awaited: set[tuple[int, int]] = set()
    fsync, replace, renamed = os.fsync, os.replace, 0

    def recording(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced.append((status.st_dev, status.st_ino))
        awaited.discard(synced[-1])
        fsync(descriptor)

    def checking(source: Path, target: Path) -> None:
        nonlocal renamed
        assert not awaited, "the folder of the last file was not synced: its name may be lost, and that of the next be there"
        assert identity_of(Path(source)) == synced[-1]
        replace(source, target)
        awaited.add(identity_of(Path(target).parent))
        renamed += 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", recording)
        patch.setattr(os, "replace", checking)
        write_run(path, 2)
    assert renamed > 8
    assert not awaited
