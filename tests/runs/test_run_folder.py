"""The run folder: locks, manifests, damage, and the state after a process dies at any moment."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from convscope.errors import OutputError, RunError, RunExistsError
from convscope.runs import opening, replacement, run_folder
from convscope.system.files import write_json, write_text

WRITER = """
import os, signal, sys
from pathlib import Path
from convscope.runs import replacement, run_folder
from convscope.system import files

path, mode, when, steps = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
fatal = calls = 0

def deadly(name):
    real = getattr(os, name)
    def call(*arguments, **keywords):
        global calls
        calls += 1
        if calls == fatal and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        number = calls
        try:
            return real(*arguments, **keywords)
        finally:
            if number == fatal and when == "after":
                os.kill(os.getpid(), signal.SIGKILL)
    setattr(os, name, call)

def write(path):
    for name in ("fsync", "replace", "rename", "mkdir", "unlink"):
        deadly(name)
    with run_folder.writing_run(path, overwrite=mode == "overwrite") as folder:
        files.write_json(folder / "run.json", {**dict.fromkeys(replacement.REQUEST_KEYS, ""), "generation": 2})
        files.write_json(folder / "metrics.json", dict.fromkeys(replacement.METRICS_KEYS, "x" * 2500))
        files.make_folder(folder / "figures")
        files.write_text(folder / "figures" / "loss.svg", "<svg/>")

for fatal in range(1, steps + 1):
    if not (child := os.fork()):
        write(f"{path}-{fatal}")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
if not steps:
    write(path)
    print(calls)
"""
"""Writes one run, or is killed at each of its first steps, in a run each."""


def make_run(path: Path, generation: int = 1, *, overwrite: bool = False) -> Path:
    with run_folder.writing_run(path, overwrite=overwrite) as folder:
        write_json(folder / "run.json", {**dict.fromkeys(replacement.REQUEST_KEYS, ""), "generation": generation})
        write_text(folder / "metrics.json", "{}")
    return path


def writer(path: Path, mode: str, when: str = "never", steps: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WRITER, str(path), mode, when, str(steps)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def generation(path: Path) -> int:
    return int(json.loads((path / "run.json").read_text())["generation"])


def test_a_finished_run_has_a_manifest_of_all_its_files(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert sorted(manifest["files"]) == ["metrics.json", "run.json"]
    assert manifest["files"]["metrics.json"]["bytes"] == 2
    assert run_folder.verify(tmp_path / "run") == tmp_path / "run"


def test_a_run_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    with pytest.raises(RunExistsError, match=r'run.*if_exists="load", "new" or "overwrite"'):
        make_run(tmp_path / "run", 2)
    assert generation(tmp_path / "run") == 1
    make_run(tmp_path / "run", 2, overwrite=True)
    assert generation(run_folder.verify(tmp_path / "run")) == 2
    assert os.listdir(tmp_path) == ["run"]


@pytest.mark.parametrize(("changes", "expected"), [(0, 1), (1, 2), (5, 6)])
def test_a_run_that_changes_while_it_is_read_is_read_again(changes: int, expected: int, tmp_path: Path) -> None:
    make_run(tmp_path / "run")

    def read(folder: Path) -> int:
        found = generation(folder)
        if found <= changes:
            make_run(tmp_path / "run", found + 1, overwrite=True)
        return found

    assert run_folder.read_whole(tmp_path / "run", read) == expected


def test_a_run_that_never_rests_is_an_error(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    with pytest.raises(RunError, match="being changed by another process"):
        run_folder.read_whole(
            tmp_path / "run", lambda folder: make_run(tmp_path / "run", generation(folder) + 1, overwrite=True)
        )


def test_overwriting_takes_the_users_own_files_along(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "mine").mkdir()
    make_run(tmp_path / "run", 2, overwrite=True)
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "run" / "mine").is_dir()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_something_else_is_never_written_into(overwrite: bool, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"cat")
    with pytest.raises(RunExistsError, match="photos"):
        make_run(tmp_path / "photos", overwrite=overwrite)
    assert os.listdir(tmp_path / "photos") == ["cat.png"]


def test_the_name_of_a_dataset_in_place_of_a_run_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="'mnist' is the name of a dataset, not a run folder. Pass one that a training wrote"):
        run_folder.verify("mnist")
    make_run(tmp_path / "mnist")
    run_folder.verify("mnist")


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunExistsError, match=r"run'.*out=DIR"):
        make_run(tmp_path / "run", overwrite=True)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/run'.*not a directory"):
        make_run(tmp_path / "file" / "run")


def test_a_full_disk_is_noticed_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(OutputError, match="32 MiB"):
        make_run(tmp_path / "run")


def test_a_failure_before_the_first_epoch_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), run_folder.writing_run(tmp_path / "run") as folder:
        write_json(folder / "run.json", {})
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_two_processes_cannot_write_one_run(tmp_path: Path) -> None:
    with run_folder.writing_run(tmp_path / "run") as folder:
        write_json(folder / "run.json", {**dict.fromkeys(replacement.REQUEST_KEYS, ""), "generation": 1})
        assert "RunExistsError" in (refused := writer(tmp_path / "run", "new").stderr)
        assert "resume=True" in refused
        assert "RunExistsError" in writer(tmp_path / "run", "overwrite").stderr
    assert generation(run_folder.verify(tmp_path / "run")) == 1


def test_of_two_processes_that_overwrite_one_run_one_is_refused(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    with run_folder.writing_run(tmp_path / "run", overwrite=True) as folder:
        write_json(folder / "run.json", {**dict.fromkeys(replacement.REQUEST_KEYS, ""), "generation": 3})
        second = writer(tmp_path / "run", "overwrite")
        assert "RunExistsError" in second.stderr
    assert generation(run_folder.verify(tmp_path / "run")) == 3


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_writer_killed_at_any_step_leaves_no_manifest_or_a_whole_run(when: str, tmp_path: Path) -> None:
    steps = int(writer(tmp_path / "counted", "new").stdout)
    assert steps > 15
    assert writer(tmp_path / "run", "new", when, steps).returncode == 0
    for fatal in range(1, steps + 1):
        path = tmp_path / f"run-{fatal}"
        if (path / "manifest.json").exists():
            assert generation(run_folder.verify(path)) == 2
        make_run(path, 3, overwrite=True)
        assert generation(run_folder.verify(path)) == 3
        assert {entry for entry in os.listdir(path) if entry.startswith(".")} == set()


@pytest.mark.rows(1)
@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_writer_killed_while_overwriting_leaves_the_old_run_or_the_new_one(when: str, tmp_path: Path) -> None:
    make_run(tmp_path / "counted")
    steps = int(writer(tmp_path / "counted", "overwrite").stdout)
    for fatal in range(1, steps + 1):
        (make_run(tmp_path / f"run-{fatal}") / "notes.txt").write_text("mine")
    assert writer(tmp_path / "run", "overwrite", when, steps).returncode == 0
    seen = set()
    for fatal in range(1, steps + 1):
        path = tmp_path / f"run-{fatal}"
        seen.add(generation(run_folder.verify(path)))
        make_run(path, 3, overwrite=True)
        assert (path / "notes.txt").read_text() == "mine"
        assert generation(run_folder.verify(path)) == 3
        assert not [entry for entry in os.listdir(tmp_path) if entry.startswith(f".run-{fatal}.")]
    assert seen == {1, 2}


def test_rewriting_a_report_keeps_the_manifest_true_at_every_moment(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    for content in ("first", "second"):
        with run_folder.updating_report(run) as folder:
            run_folder.verify(run)
            write_text(folder / "report.html", content)
            run_folder.verify(run)
        assert "report.html" in json.loads((run / "manifest.json").read_text())["files"]
        run_folder.verify(run)


def rewrite(run: Path, numbers: int) -> None:
    """Add numbers to a run and write its page again."""
    with run_folder.updating_report(run) as folder:
        with run_folder.replacing_file(folder, "metrics.json") as temporary:
            write_json(temporary, {"numbers": numbers})
        write_text(folder / "report.html", f"page of {numbers}")


STEPS = ("fsync", "replace", "rename", "unlink")


def watched(monkeypatch: pytest.MonkeyPatch, at_step: Callable[[], None]) -> None:
    """Call ``at_step`` before and after every call that reaches the disk."""

    def wrapped(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **keywords: object) -> object:
            at_step()
            try:
                return real(*arguments, **keywords)
            finally:
                at_step()

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, wrapped(getattr(os, name)))


@pytest.mark.slow
def test_a_crash_while_numbers_are_added_leaves_the_old_run_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the folder at each step is what a crash at that step would leave, without any clean-up."""
    run = make_run(tmp_path / "run")
    rewrite(run, 1)
    left: list[Path] = []

    def keep() -> None:
        left.append(Path(shutil.copytree(run, tmp_path / f"crash-{len(left)}")))

    with monkeypatch.context() as patch:
        watched(patch, keep)
        rewrite(run, 2)
    seen = []
    for folder in left:
        run_folder.verify(folder)
        seen.append(opening.read_json(folder / "metrics.json")["numbers"])
        assert (folder / "report.html").read_text() in {"page of 1", "page of 2"}
        rewrite(folder, 3)
        assert opening.read_json(run_folder.verify(folder) / "metrics.json") == {"numbers": 3}
        assert "or" not in json.loads((folder / "manifest.json").read_text())["files"]["metrics.json"]
    assert len(left) > 20
    assert seen == sorted(seen)
    assert set(seen) == {1, 2}


@pytest.mark.slow
def test_a_disk_that_fails_at_any_step_while_numbers_are_added_leaves_a_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # the test's own power does not fail
    fatal, failed = 0, True
    while failed:
        run = make_run(tmp_path / f"run-{fatal}")
        rewrite(run, 1)
        calls = -1

        def fail(step: int = fatal) -> None:
            nonlocal calls
            calls += 1
            if calls == step:
                raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            watched(patch, fail)
            try:
                rewrite(run, 2)
                failed = False
            except OSError:
                pass
        failed = failed or calls >= fatal
        assert opening.read_json(run_folder.verify(run) / "metrics.json")["numbers"] in {1, 2}
        fatal += 1
    assert fatal > 20


def test_a_file_that_is_being_exchanged_may_have_either_content_and_no_third(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with run_folder.replacing_file(run, "metrics.json") as temporary:
        temporary.write_text("[1, 2]")
    manifest = json.loads((run / "manifest.json").read_text())
    new = manifest["files"]["metrics.json"]
    old = {"bytes": 2, "sha256": hashlib.sha256(b"{}").hexdigest()}
    write_json(run / "manifest.json", {**manifest, "files": {**manifest["files"], "metrics.json": {**old, "or": new}}})
    for content in ("[1, 2]", "{}"):
        (run / "metrics.json").write_text(content)
        run_folder.verify(run)
    for content, reason in (("[2, 1]", "metrics.json.*SHA-256"), ("{} ", "metrics.json.*3 bytes.* 2")):
        (run / "metrics.json").write_text(content)
        with pytest.raises(RunError, match=reason):
            run_folder.verify(run)


def test_an_error_while_the_new_content_is_written_leaves_the_old_one(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with pytest.raises(ZeroDivisionError), run_folder.replacing_file(run, "metrics.json") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert (run_folder.verify(run) / "metrics.json").read_text() == "{}"
    assert sorted(os.listdir(run)) == ["manifest.json", "metrics.json", "run.json"]


@pytest.mark.slow
def test_two_processes_cannot_rewrite_one_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    code = "import sys; from convscope.runs import run_folder\nwith run_folder.updating_report(sys.argv[1]): pass"
    with run_folder.updating_report(run):
        second = subprocess.run([sys.executable, "-c", code, str(run)], capture_output=True, text=True, check=False)
    assert "RunExistsError" in second.stderr
    run_folder.verify(run)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda run: (run / "metrics.json").unlink(), "metrics.json"),
        (lambda run: (run / "metrics.json").write_text("{} "), "metrics.json.*3 bytes.* 2"),
        (lambda run: (run / "metrics.json").write_text("[]"), "metrics.json.*SHA-256"),
        (lambda run: (run / "manifest.json").unlink(), "manifest.json.*resume=True"),
        (lambda run: (run / "manifest.json").write_text("{"), "manifest.json"),
        (lambda run: (run / "manifest.json").write_text("[]"), "manifest.json.*sha256"),
        (
            lambda run: (run / "manifest.json").write_text('{"files": {"../x": {"bytes": 1, "sha256": ""}}}'),
            "manifest.json",
        ),
        (lambda run: shutil.rmtree(run), r"run'"),
    ],
)
def test_damage_is_named(damage: object, reason: str, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    damage(run)  # type: ignore[operator]
    with pytest.raises(RunError, match=reason):
        run_folder.verify(run)
